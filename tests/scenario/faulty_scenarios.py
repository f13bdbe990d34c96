"""Scenario files with a fault, or messages that get lost."""

from pathlib import Path

from tokenrace.scenario import parse
from tokenrace.strategies.catalogue import CATALOGUE

SCENARIO = """\
name: faulty
fleet: {{processes: 2, workers: 2}}
workload: {{arrivals: {{process: closed, think: 1s}}}}
network: {{loss: {loss}}}
store: {store}
strategies: [single_flight]
faults:
  - {fault}
run: {{duration: 10m, engine: {engine}, time_scale: {scale}}}
"""


def a_text(loss="{}", store="sqlite", fault="", engine="virtual", scale=1):
    """A scenario with one fault, a partition unless ``fault`` says otherwise."""
    fault = fault or "{at: 1m, partition: {process: 1, link: api, for: 30s}}"
    return SCENARIO.format(loss=loss, store=store, fault=fault, engine=engine, scale=scale)


def read(text):
    """The scenario in ``text``, of a file called x.yaml."""
    return parse(text.encode(), CATALOGUE, Path("x.yaml"))
