"""The reference run of every shipped scenario, in ``results/``. ``make results`` makes them anew.

All of them on virtual time, where a seed gives one history, so that a run made again gives the same
bytes. A folder holds ``summary.json`` and ``report.html``, which has every plot in it; the plots as
files of their own would be the same once more, and the traces are 50 times as large. The sweeps are
left out: two of the four take longer than all the rest.
"""
