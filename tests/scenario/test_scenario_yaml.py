"""Reading YAML: what cannot be read ends in one problem, and nothing hostile gets further."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scenario.scenario_text import CATALOGUE, SMALLEST, problems_of, read
from tokenrace.errors import ScenarioError
from tokenrace.scenario import parse


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: is empty"),
        ("# only a comment", "1:1: is empty"),
        ("- a", "1:1: must be a mapping, got a list"),
        ("a: [", "1:5: is not YAML: expected the node content, but found '<stream end>'"),
        ("a: b: c", "1:5: is not YAML: mapping values are not allowed here"),
        ("a: \x00", "1:4: is not YAML: special characters are not allowed"),
        (
            "a: {b: >= 3%}",
            (
                "1:8: is not YAML: found character '>' that cannot start any token: "
                'put it in quotes, as ">= 3%"'
            ),
        ),
        ("a: *b", "1:4: is not YAML: found undefined alias 'b'"),
        (
            "a: 1\n---\nb: 2",
            (
                "2:1: is not YAML: expected a single document in the stream, "
                "but found another document"
            ),
        ),
        ('"\\UFFFFFFFF"', "1:1: is not YAML: a number or an escape is out of range"),
        ("[" * 100, "1:41: is not YAML: nested too deeply"),
        ("- x\n" * 30_000, "20000:3: is not YAML: too many values"),
        ("&a [*a]", "1:1: an alias (*) stands inside what it repeats"),
        ("!!int x", "1:1: the tag 'tag:yaml.org,2002:int' does not fit 'x'"),
        (
            SMALLEST + "store: !!python/name:os.system\n",
            "8:8: store: the tag 'tag:yaml.org,2002:python/name:os.system' means nothing here",
        ),
        (SMALLEST + "5: a\n", "8:1: a key must be text"),
        (SMALLEST + "? [a]\n: b\n", "8:3: a key must be text"),
        (
            SMALLEST + "<<: {a: 1}\n",
            (
                "8:6: a: unknown key; known: name, description, provider, fleet, workload, "
                "network, store, faults, strategies, expect, run, sweep"
            ),
        ),
    ],
)
def test_yaml_that_cannot_be_read_is_told_at_its_place(text, problem):
    """One problem for the whole file where the rest cannot be trusted."""
    assert problems_of(text) == [problem]


def test_text_that_is_not_utf_8_is_told_at_its_place():
    """The byte 0xff is on line 2, after three characters."""
    with pytest.raises(ScenarioError) as caught:
        parse(b"a: 1\nb: \xff", CATALOGUE, Path("x.yaml"))
    assert str(caught.value) == "x.yaml:2:4: is not UTF-8 text: save it as UTF-8"


def test_aliases_that_multiply_are_stopped():
    """Five lists of ten of the one before are 100,000 values from 60 words."""
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 5)]
    text = "\n".join(["l0: &l0 [x, x, x, x, x, x, x, x, x, x]", *levels])
    assert problems_of(text) == ["1:34: its aliases (*) expand to too many values"]


# Text that looks like a scenario finds more than noise does.
_WORDS = sorted({*SMALLEST.replace("{", "{ ").split(), "&a", "*a", "!!int", "? ", "-", "faults:"})
_SCENARIO_LIKE = st.lists(st.tuples(st.sampled_from(_WORDS), st.sampled_from([" ", "\n", "\n  "])))


@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_arbitrary_bytes_are_a_scenario_or_a_scenario_error(content):
    """Nothing else may reach the user, whatever is in the file."""
    with pytest.raises(ScenarioError):
        parse(content, CATALOGUE, Path("x.yaml"))


@given(_SCENARIO_LIKE.map(lambda pairs: "".join(word + gap for word, gap in pairs)))
def test_shuffled_pieces_of_scenarios_end_in_a_scenario_error(text):
    """Wrong nesting, tags, aliases and keys in every mixture."""
    with pytest.raises(ScenarioError):
        read(text)
