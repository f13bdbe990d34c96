"""How fast the virtual engine is, next to what else could do the job. ``make bench`` runs it.

Figures are ratios of rates measured in one process on one machine, in turns: single times mean
nothing on a machine that others use.
"""
