"""What plots show, in words: of runs whose every bin is alike."""

from tests.analysis.plotted_runs import runs_of
from tokenrace.analysis.sentences import pictures_of
from tokenrace.analysis.summary import summarize
from tokenrace.clock import MILLISECOND


def shown(tmp_path, refused, seeds=2):
    """Return the sentence of each picture by its name, every space an ordinary one."""
    summary, runs = runs_of(tmp_path, refused, seeds)
    pictures = pictures_of(summary.strategies, runs)
    return {picture.name: picture.shows.replace("\N{NO-BREAK SPACE}", " ") for picture in pictures}


def test_the_rates_name_the_worst_and_all_the_best(tmp_path):
    """75 of 100 refused in every run; two strategies have none."""
    refused = {"mint_per_call": {"evicted": 75}, "single_flight": {}, "shared_lock": {}}

    assert shown(tmp_path, refused)["rate-401"] == (
        "mint_per_call got 401 for 75 % of the responses (75 to 75 %), the most; "
        "single_flight and shared_lock for 0 % of the responses (0 to 0.008 %), the fewest."
    )


def test_strategies_that_are_alike_are_not_ranked(tmp_path):
    """One sentence for all; one strategy alone is compared with nobody."""
    both = shown(tmp_path, {"single_flight": {"expired": 1}, "shared_lock": {"expired": 1}})
    (tmp_path / "one").mkdir()
    one = shown(tmp_path / "one", {"shared_lock": {"expired": 1}})

    assert both["rate-401"] == "All strategies alike got 401 for 1 % of their responses."
    assert one["rate-401"] == "shared_lock got 401 for 1 % of the responses (1 to 1 %)."


def test_the_worst_moment_has_its_time_its_rate_and_its_cause(tmp_path):
    """Every bin of 30 s is as bad: the first is named, in the scenario's time."""
    refused = {"mint_per_call": {"evicted": 30, "expired": 20}, "shared_lock": {}}

    assert shown(tmp_path, refused)["rate-401-over-time"] == (
        "The worst moment is mint_per_call's, in seed 1: from the start on, for 30 s, 50 % of the "
        "responses were 401, most of them because the token was evicted. "
        "shared_lock had no 401 at any time."
    )


def test_an_empty_plot_says_that_it_is(tmp_path):
    """Nothing refused, and nobody's latency counted."""
    sentences = shown(tmp_path, {"shared_lock": {}})

    assert sentences["rate-401-over-time"] == (
        "It is empty: no call of any strategy was refused with 401."
    )
    assert sentences["latency"] == "No operation got an answer."


def test_the_lifelines_tell_how_the_tokens_ended(tmp_path):
    """Token 2 evicts token 1 and expires at 7 of 12 s, 70 of 120 minutes."""
    assert shown(tmp_path, {"mint_per_call": {"evicted": 30}})["token-lifelines"] == (
        "mint_per_call had the most tokens issued in its worst run (seed 1), 2. Its panel shows "
        "2 tokens and 2 h: 1 evicted, 1 expired."
    )


def test_the_latencies_name_the_slowest_and_the_quickest(tmp_path):
    """The 99th percentile of one latency is that latency, within a bucket."""
    summary, runs = runs_of(tmp_path, {"single_flight": {}, "shared_lock": {}}, seeds=1)
    runs["single_flight"][0].clients.latency.record(100 * MILLISECOND)
    runs["shared_lock"][0].clients.latency.record(200 * MILLISECOND)

    again = summarize(summary, runs)
    latency = pictures_of(again.strategies, runs)[-1].shows.replace("\N{NO-BREAK SPACE}", " ")
    assert latency == (
        "Of 100 operations 99 took at most 200 ms with shared_lock, the slowest, and 99.8 ms with "
        "single_flight, the quickest."
    )
