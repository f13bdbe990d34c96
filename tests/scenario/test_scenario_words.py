"""What a user is told who made a mistake that many make: the words name the way out."""

import json
from pathlib import Path

import pytest

from tokenrace.errors import ScenarioError
from tokenrace.scenario import parse
from tokenrace.strategies.catalogue import CATALOGUE

GOOD = """name: fleet
provider: {profile: zoom-2022, live_tokens: 1, lifetime: 1h}
fleet: {processes: 2, workers: 3}
workload: {arrivals: {process: closed, think: 1m}, operations: {get_user: 1}}
strategies: [shared_lock]
run: {duration: 90m, seeds: 2}
"""


def problems_of(text):
    content = text if isinstance(text, bytes) else text.encode()
    try:
        parse(content, CATALOGUE, Path("f.yaml"))
    except ScenarioError as wrong:
        return [line.removeprefix("f.yaml:") for line in str(wrong).splitlines()]
    return []


def changed(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize("word", ["zoom", "Zoom", "ZOOM"])
def test_a_familys_name_lists_the_family(word):
    """Four profiles are Zoom's; none of them is 'zoho'."""
    (problem,) = problems_of(changed("zoom-2022", word))
    assert problem.endswith(
        "which one: 'zoom-2022', 'zoom-index5', 'zoom-2023' or 'zoom-hypothesis'?"
    )


def test_a_preset_that_several_begin_with_lists_them():
    """Both are the fleet's."""
    (problem,) = problems_of(changed("[shared_lock]", "[shared]"))
    assert "which one: 'shared_cache_no_lock' or 'shared_lock'?" in problem


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("processes: 2", "processes: '2'"),
        ("seeds: 2", 'seeds: "2"'),
        ("seeds: 2", "seeds: 2, time_scale: '1.5'"),
        ("live_tokens: 1", "live_tokens: '1'"),
        ("get_user: 1", "get_user: '1'"),
        ("[shared_lock]", "[{preset: reactive_cas, retries: '1'}]"),
        ("[shared_lock]", "[{preset: xfetch, beta: '1'}]"),
        ("seeds: 2}", "seeds: 2}\nfaults: [{at: 1m, rotate_secret: {revokes_tokens: 'true'}}]"),
        ("seeds: 2}", "seeds: 2}\nstore: {kind: postgres, pool: '3'}"),
    ],
)
def test_a_number_in_quotes_is_told_to_drop_them(old, new):
    """To YAML it is text, and the message shows it in quotes of its own."""
    (problem,) = problems_of(changed(old, new))
    assert problem.endswith("; drop the quotes")


def test_what_is_no_number_is_not_told_to_drop_quotes():
    """``two`` without quotes is text too."""
    (problem,) = problems_of(changed("processes: 2", "processes: 'two'"))
    assert problem == "3:20: fleet.processes: must be a whole number, got 'two'"


@pytest.mark.parametrize(
    "file", ["fleet:\n\tprocesses: 2\n", "fleet:\n  processes: 2\n\tworkers: 3\n"]
)
def test_a_tab_is_told_to_be_spaces(file):
    """YAML forbids tabs as indentation, and no editor shows them."""
    (problem,) = problems_of(file)
    assert problem.endswith("is not YAML: a tab stands where the line is indented: use spaces")


@pytest.mark.parametrize("name", ["UTF-16", "UTF-32"])
@pytest.mark.parametrize("end", ["", "-le", "-be"])
def test_wide_encodings_are_told_by_name(name, end):
    """With a byte order mark (the first) and without."""
    assert problems_of(GOOD.encode(name + end)) == [f"1:1: is {name} text: save it as UTF-8"]


@pytest.mark.parametrize(
    "file", ['name = "x"\n[fleet]\nprocesses = 2\n', "# ours\n[fleet]\nprocesses = 2\n"]
)
def test_toml_is_told_to_be_toml(file):
    """Its first line that says anything shows it."""
    (problem,) = problems_of(file)
    assert "it looks like TOML" in problem


def test_json_is_read_with_tabs_too():
    """All JSON is YAML but for a tab as indentation, which every formatter can be told to make."""
    data = {
        "name": "fleet",
        "fleet": {"processes": 2, "workers": 3},
        "workload": {
            "arrivals": {"process": "closed", "think": "1m"},
            "operations": {"get_user": 1},
        },
        "strategies": ["shared_lock"],
        "run": {"duration": "90m"},
    }
    assert problems_of(json.dumps(data)) == []
    assert problems_of(json.dumps(data, indent="\t")) == []


def test_a_summary_is_told_from_a_scenario():
    """Both lie in folders called results, and one names the other."""
    (problem,) = problems_of(json.dumps({"schema": 1, "scenario_sha256": "5e"}))
    assert problem.startswith("1:1: is the summary of a run, not a scenario")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("name: fleet", 'name: "fleet', "1:7"),
        ("profile: zoom-2022", "profile: 'zoom-2022", "2:21"),
    ],
)
def test_an_unclosed_quote_is_shown_where_it_opens(old, new, place):
    """The parser finds out at the end of the file, where nothing is wrong."""
    (problem,) = problems_of(changed(old, new))
    assert problem.startswith(f"{place}: is not YAML: the quote that opens here is never closed")


def test_a_quote_closed_by_the_next_ones_opening_is_shown_where_it_opens():
    """``"fleet`` goes on to the quote before ``shared_lock``, and the parser blames that word."""
    text = changed("name: fleet", 'name: "fleet').replace("[shared_lock]", '["shared_lock"]')
    (problem,) = problems_of(text)
    assert problem == "1:7: is not YAML: the quote that opens here is closed in line 5 only"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [("[shared_lock]", "[shared_lock", "5:13"), ("workers: 3}", "workers: 3", "3:8")],
)
def test_an_unclosed_bracket_is_shown_where_it_opens(old, new, place):
    """And the message names the line at which it cannot go on."""
    (problem,) = problems_of(changed(old, new))
    assert problem.startswith(f"{place}: is not YAML: the br")
    assert "that opens here is not closed" in problem


@pytest.mark.parametrize(
    "use",
    [
        "fleet: *ours",
        "fleet: {<<: *ours}",
        "fleet: {<<: *ours, workers: 3}",
        "fleet: {<<: [*ours]}",
    ],
)
def test_anchors_may_stand_under_a_key_of_ones_own(use):
    """As in Compose files; what is used is read where it is used."""
    text = "x-ours: &ours {processes: 2, workers: 3}\n" + changed(
        "fleet: {processes: 2, workers: 3}", use
    )
    scenario = parse(text.encode(), CATALOGUE, Path("f.yaml"))
    assert (scenario.fleet.processes, scenario.fleet.workers) == (2, 3)


def test_what_a_mapping_says_itself_goes_before_what_it_takes_over():
    """Wherever the ``<<`` stands; of several taken over, the first one says."""
    text = "x-a: &a {processes: 2, workers: 3}\nx-b: &b {workers: 9, start: 5s}\n" + changed(
        "fleet: {processes: 2, workers: 3}", "fleet: {<<: [*a, *b], processes: 7}"
    )
    fleet = parse(text.encode(), CATALOGUE, Path("f.yaml")).fleet
    assert (fleet.processes, fleet.workers, fleet.start) == (7, 3, 5_000_000)


def test_a_problem_of_what_is_taken_over_is_told_where_it_stands():
    """The anchor's line, not the alias's: there it can be mended."""
    text = "x-a: &a {processes: 0, workers: 3}\n" + changed(
        "fleet: {processes: 2, workers: 3}", "fleet: {<<: *a}"
    )
    assert problems_of(text) == ["1:21: fleet.processes: must be at least 1, got 0"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x-a: &a {processes: 2, <<: *a}\nfleet: {<<: *a}\n", "an alias (*) stands inside"),
        ("fleet: {<<: 5}\n", "<< must name a mapping, or a list of them"),
    ],
)
def test_a_merge_that_cannot_be_is_told(text, why):
    """A loop, and what is no mapping."""
    assert any(why in problem for problem in problems_of(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [("fleet:", "fleets:"), ("strategies:", "strategy:"), ("provider:", "providers:")],
)
def test_a_misspelt_section_is_told_once_and_read_all_the_same(old, new):
    """That the right one is missing says the same again; what is wrong in it does not."""
    text = changed(old, new).replace("processes: 2", "processes: 0")
    section = "fleets" if new == "fleets:" else "fleet"
    told = problems_of(text)
    assert next(problem for problem in told if "unknown key" in problem).endswith(
        f"unknown key; did you mean '{old[:-1]}'?"
    )
    assert any(problem.endswith("processes: must be at least 1, got 0") for problem in told)
    assert not any("is required" in problem for problem in told), section


def test_a_wrong_unit_hides_no_wrong_name():
    """A lifetime without a unit, an expected strategy that does not run, a process that is not
    there: all at once."""
    text = changed("lifetime: 1h", "lifetime: 60") + (
        "expect: {single_flight: {rate_401: <= 1%}}\nfaults: [{at: 1m, crash: {process: 9}}]\n"
    )
    keys = [problem.split(": ")[1] for problem in problems_of(text)]
    assert keys == ["provider.lifetime", "expect.single_flight", "faults[0].crash.process"]


def test_a_wrong_unit_in_expect_hides_no_wrong_strategy():
    """The section cannot be read, and its names can."""
    text = GOOD + "expect: {single_flight: {rate_401: <= 1}}\n"
    keys = [problem.split(": ")[1] for problem in problems_of(text)]
    assert keys == ["expect.single_flight", "expect.single_flight.rate_401"]


def test_a_wrong_strategy_hides_no_wrong_expectation():
    """Its name is known, whatever else is wrong with it."""
    text = changed("[shared_lock]", "[{preset: shared_lock, leeway: 60}]") + (
        "expect: {shared_lock: {rate_401: <= 1%}, single_flight: {rate_401: <= 1%}}\n"
    )
    keys = [problem.split(": ")[1] for problem in problems_of(text)]
    assert keys == ["strategies[0].leeway", "expect.single_flight"]


def test_what_needs_a_wrong_section_is_not_guessed():
    """Whether process 9 is there nobody knows while the fleet's size is wrong."""
    text = changed("processes: 2", "processes: 0") + "faults: [{at: 1m, crash: {process: 9}}]\n"
    assert problems_of(text) == ["3:20: fleet.processes: must be at least 1, got 0"]
