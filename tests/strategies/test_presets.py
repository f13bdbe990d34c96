"""Presets as data: what a scenario may change in them, and what ``time_scale`` does to them."""

import pickle
from dataclasses import fields

import pytest

from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.fields.parameters import (
    PositiveSpanParameter,
    SpanParameter,
    WholeParameter,
)
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.strategies.composing import composed_of, override
from tokenrace.strategies.composition import changed, parameters_of, scaled
from tokenrace.strategies.lease_scope import SharedLock
from tokenrace.strategies.on_401 import Issue, IssueIfSame
from tokenrace.strategies.parameters import kinds_of
from tokenrace.strategies.presets import PRESETS
from tokenrace.strategies.trigger import Leeway

every_preset = pytest.mark.parametrize("preset", PRESETS)


@every_preset
def test_every_number_of_a_preset_has_a_source(preset):
    """And no source is left of a number that is gone. What is not used, 0, needs none."""
    composition = PRESETS[preset].composition
    axes = [getattr(composition, axis.name) for axis in fields(composition)]
    numbers = {
        name
        for axis in axes
        for name in kinds_of(type(axis))
        if not isinstance(getattr(axis, name), str) and getattr(axis, name)
    }
    sources = set(PRESETS[preset].sources)
    assert numbers <= sources <= set(parameters_of(composition))


@every_preset
def test_a_presets_parameters_have_names_of_their_own(preset):
    """A scenario names them without their axis."""
    composition = PRESETS[preset].composition
    names = [
        name
        for axis in fields(composition)
        for name in kinds_of(type(getattr(composition, axis.name)))
    ]
    assert sorted(names) == sorted(parameters_of(composition))


@every_preset
def test_a_composition_travels_to_another_process(preset):
    """It is data: what is unpickled is equal."""
    composition = PRESETS[preset].composition
    assert pickle.loads(pickle.dumps(composition)) == composition


def test_the_catalogue_offers_each_presets_parameters():
    """In the order of the axes."""
    jitter = ["leeway", "jitter", "jitter_drawn"]
    lock = ["lock_ttl", "poll", "wait", "release", "on_timeout", "local_copy", "store_down"]
    assert list(CATALOGUE.presets) == list(PRESETS)
    assert list(CATALOGUE.parameters("mint_per_call", {})) == []
    assert list(CATALOGUE.parameters("check_then_act", {})) == jitter
    assert list(CATALOGUE.parameters("reactive_cas", {})) == [*jitter, "errors", "retries"]
    assert list(CATALOGUE.parameters("shared_lock", {})) == [*jitter, *lock]
    assert list(CATALOGUE.parameters("shared_lock", {"trigger": "xfetch"})) == ["beta", *lock]


@every_preset
def test_a_preset_is_what_its_words_on_the_axes_compose(preset):
    """Each axis knows the word of every kind, and the kind its defaults."""
    words = CATALOGUE.presets[preset]
    composition = PRESETS[preset].composition
    settings = {
        name: getattr(getattr(composition, axis.name), name)
        for axis in fields(composition)
        for name in kinds_of(type(getattr(composition, axis.name)))
    }
    assert composed_of(None, words, settings.items()) == composition


def test_the_catalogue_reads_each_kind_as_what_it_is():
    """A leeway may be zero, a lock's time-to-live may not, retries are counted from zero."""
    lock = CATALOGUE.parameters("shared_lock", {})
    reactive = CATALOGUE.parameters("reactive_cas", {})
    assert isinstance(lock["leeway"], SpanParameter)
    assert isinstance(lock["lock_ttl"], PositiveSpanParameter)
    assert isinstance(reactive["retries"], WholeParameter)
    assert (lock["leeway"].read("0s"), lock["lock_ttl"].read("2s")) == (0, 2 * SECOND)
    assert reactive["retries"].read(0) == 0
    with pytest.raises(ValueError, match="must be more than 0"):
        lock["lock_ttl"].read("0s")


def test_an_override_changes_what_it_names_and_nothing_else():
    """The settings of a scenario, spans in ticks, land on their axes."""
    composition = override("shared_lock", [("lock_ttl", 2 * SECOND), ("leeway", 30 * SECOND)])
    assert composition.trigger == Leeway(leeway=30 * SECOND)
    assert composition.scope == SharedLock(
        lock_ttl=2 * SECOND, poll=50 * MILLISECOND, wait=12 * SECOND
    )
    preset = PRESETS["shared_lock"].composition
    assert changed(composition, {"lock_ttl": 10 * SECOND, "leeway": 60 * SECOND}) == preset


def test_an_override_of_what_is_not_there_is_our_bug():
    """The scenario's reader has checked the names."""
    with pytest.raises(ValueError, match="no such parameters: \\['lock_ttl'\\]"):
        override("single_flight", [("lock_ttl", SECOND)])
    with pytest.raises(KeyError):
        override("nobody_calls_it_that", [])


def test_time_scale_shrinks_what_belongs_to_a_tokens_lifetime_only():
    """60 s / 450 is 133.333 ms; a lock and its polling are about latencies."""
    composition = scaled(PRESETS["shared_lock"].composition, 450)
    assert composition.trigger == Leeway(leeway=133_333)
    assert composition.scope == PRESETS["shared_lock"].composition.scope


@pytest.mark.parametrize(("leeway", "shrunk"), [(0, 0), (1, 1), (4, 1), (1_000, 10)])
def test_a_positive_span_stays_positive(leeway, shrunk):
    """No leeway stays none; a tick is the least there is."""
    composition = scaled(override("check_then_act", [("leeway", leeway)]), 100)
    assert composition.trigger == Leeway(leeway=shrunk)


@pytest.mark.parametrize(
    ("axis", "values", "message"),
    [
        (Leeway, {"leeway": -1}, "leeway must not be negative, got -1"),
        (Issue, {"retries": -1}, "retries must not be negative, got -1"),
        (IssueIfSame, {"retries": -1}, "retries must not be negative, got -1"),
        (SharedLock, {"lock_ttl": 0, "poll": 1, "wait": 1}, "lock_ttl must be positive, got 0"),
        (SharedLock, {"lock_ttl": 1, "poll": 0, "wait": 1}, "poll must be positive, got 0"),
        (SharedLock, {"lock_ttl": 1, "poll": 1, "wait": -1}, "wait must be positive, got -1"),
    ],
    ids=str,
)
def test_an_axis_refuses_to_exist_when_wrong(axis, values, message):
    """A poll of zero would spin for ever on virtual time."""
    with pytest.raises(ValueError, match=message):
        axis(**values)


def test_each_parameter_says_what_it_is_for():
    """A sentence, for the schema and the docs."""
    for words in CATALOGUE.axes.values():
        for parameters in words.values():
            for parameter in parameters.values():
                assert parameter.description.endswith(".")
