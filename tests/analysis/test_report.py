"""The report: what the page says of a folder of results, and how a browser shows it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.analysis.plotted_runs import runs_of
from tests.analysis.test_blame import DISPLACED
from tests.browser import opened
from tokenrace.analysis.blame import blame
from tokenrace.analysis.blame_diagram import diagram_of
from tokenrace.analysis.blames import Blamed
from tokenrace.analysis.report.comparison import changes, comparison_of, differing
from tokenrace.analysis.report.page import Results, read_results, report_on
from tokenrace.analysis.sentences import Picture
from tokenrace.analysis.summary import Death, PlannedFault, write_summary
from tokenrace.analysis.verdicts import Verdict
from tokenrace.cli.app import app
from tokenrace.errors import ResultsError

PICTURE = Picture(name="rate-401", title="401 rate by strategy", shows="One bar & another.")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"></svg>'


def a_summary(tmp_path, refused, seeds=2, **changed):
    """Return the summary of runs whose every bin is alike."""
    tmp_path.mkdir(exist_ok=True)
    summary, _ = runs_of(tmp_path, refused, seeds)
    return replace(summary, engine="virtual", pictures=(PICTURE,), **changed)


def results_of(summary):
    return Results(folder=Path("results/x"), summary=summary, images={"rate-401": "data:,"})


def a_folder(tmp_path, name, summary):
    """Write ``summary`` and its picture as a run does."""
    folder = tmp_path / name
    folder.mkdir()
    write_summary(folder / "summary.json", summary)
    (folder / "rate-401.svg").write_text(SVG)
    return folder


def text_of(html):
    """Return what a reader reads, each run of white space one space."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<body>")[2]))


def test_the_page_has_the_figures_of_every_strategy(tmp_path):
    """75 of 100 responses refused, all of them for an evicted token, 24,000 a run in two runs."""
    text = text_of(report_on(results_of(a_summary(tmp_path, {"check_then_act": {"evicted": 75}}))))

    assert "1 strategy &times; 2 seeds on the virtual engine" in text
    assert "check_then_act 75 % 75 to 75 % 0 % 0 % none none counted 1 evicted 36,000" in text
    assert "One bar &amp; another." in text
    assert (
        "tokenrace replay scenarios/expiry-stampede.yaml --strategy check_then_act --seed 1" in text
    )


def test_the_facts_of_a_run_are_set_apart_from_each_other(tmp_path):
    """A space on either side of each dot: it once said 'lifetime 1 h· 4 processes'."""
    summary = a_summary(
        tmp_path,
        {"shared_lock": {}},
        provider={"profile": "zoom-2022", "live_tokens": 4, "lifetime_s": 3600.0},
        fleet={"processes": 4, "workers": 10},
    )

    text = text_of(report_on(results_of(summary)))

    assert "&middot; 4 processes" in text
    assert re.search(r"\S&middot;|&middot;\S", text) is None


def test_a_time_scale_is_told_as_it_is_written(tmp_path):
    """450 and 1, not 450.0 and 1.0."""
    before = a_summary(tmp_path, {"shared_lock": {}}, time_scale=450.0)

    assert "the time scale: 450, then 1" in differing(before, replace(before, time_scale=1.0))


def test_verdicts_faults_deaths_and_doubts_are_told(tmp_path):
    """Each in the words of the run; a name that looks like markup is shown as it is."""
    summary = a_summary(
        tmp_path,
        {"shared_lock": {}},
        faults=(PlannedFault(at_s=0.0, label="<deploy>"), PlannedFault(at_s=5400.0, label="lock")),
        verdicts=(
            Verdict(
                strategy="shared_lock",
                expected="rate_401 <= 1%",
                measured="2 %",
                verdict="fail",
                why="in every run",
            ),
        ),
        deaths=(Death(strategy="a", seed=1, process=2, at_s=1.5, in_flight=1, reason="killed"),),
        doubts=("fault 1 did not happen",),
    )
    html = report_on(results_of(summary))
    text = text_of(html).replace("\N{NO-BREAK SPACE}", " ")

    assert "fail not what the scenario expects" in text
    assert "fail shared_lock rate_401 &lt;= 1% 2 % (in every run)" in text
    assert "at the start: &lt;deploy&gt; at 1 h 30 min: lock" in text
    assert "process 2 died 1.5 s into the run (killed); 1 request in flight" in text
    assert "Inconclusive: fault 1 did not happen." in text
    assert "<deploy>" not in html


def test_the_page_needs_nothing_from_elsewhere_and_runs_no_script(tmp_path):
    """The policy allows embedded pictures and styles alone; no address is in it."""
    html = report_on(results_of(a_summary(tmp_path, {"shared_lock": {}})))

    assert "<script" not in html
    assert not re.findall(r"(?:src|href)=\"(?!data:)", html)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in html


def test_a_picture_whose_file_is_gone_is_left_out(tmp_path):
    """The rest of the report is made all the same."""
    folder = a_folder(tmp_path, "run", a_summary(tmp_path / "runs", {"shared_lock": {}}))
    with_picture = report_on(read_results(folder))
    (folder / "rate-401.svg").unlink()
    without = report_on(read_results(folder))

    assert with_picture.count("<img") == 1
    assert without.count("<img") == 0
    assert "The figures" in without


def test_what_differs_between_two_runs_is_named(tmp_path):
    """Another text under the same name, another engine, more seeds."""
    before = a_summary(tmp_path, {"shared_lock": {}})
    after = replace(before, scenario_sha256="0" * 64, engine="wire", seeds=(1, 2, 3))

    assert list(differing(before, before)) == []
    assert list(differing(before, after)) == [
        "the scenario's text: something in it was changed",
        "the engine: virtual, then wire",
        "the seeds: 2, then 3",
    ]
    assert "the scenario: expiry-stampede, then other" in differing(
        before, replace(after, scenario="other")
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"evicted": 75}, {"evicted": 75}, "the same, to the last count"),
        ({"evicted": 75}, {"expired": 75}, "the same, seed by seed"),
        ({"evicted": 75}, {"evicted": 25}, "better (-50 to -50 points)"),
        ({"evicted": 1}, {"evicted": 2}, "worse (+1 to +1 points)"),
    ],
)
def test_a_strategy_is_compared_seed_by_seed(tmp_path, old, new, words):
    """Every seed of a strategy has the same rate, so a difference has no width."""
    before = a_summary(tmp_path / "before", {"ours": old})
    after = a_summary(tmp_path / "after", {"ours": new})

    (change,) = changes(before, after)

    assert change.in_words == words


def test_strategies_and_seeds_that_only_one_run_has_are_not_compared(tmp_path):
    """One seed in common shows no spread."""
    before = a_summary(tmp_path / "before", {"ours": {"evicted": 1}, "gone": {}}, seeds=1)
    after = a_summary(tmp_path / "after", {"ours": {"evicted": 2}, "new": {}})

    words = {change.strategy: change.in_words for change in changes(before, after)}

    assert words == {
        "ours": "can't tell: fewer than two seeds in common",
        "new": "only run once",
        "gone": "only run once",
    }
    text = text_of(comparison_of(results_of(before), results_of(after)))
    assert "gone 0 % not run only run once" in text
    assert "Before: One bar &amp; another." in text


def test_the_command_makes_reports_of_one_folder_and_of_two(tmp_path):
    """Into the folder itself; of two, where it is told to."""
    summary = a_summary(tmp_path / "runs", {"shared_lock": {}})
    first, second = (a_folder(tmp_path, name, summary) for name in ("first", "second"))
    both = tmp_path / "both.html"

    one = CliRunner().invoke(app, ["report", str(first)])
    two = CliRunner().invoke(app, ["report", str(first), str(second), "--out", str(both)])

    assert one.exit_code == two.exit_code == 0
    assert one.output == f"report   {first}/report.html\n"
    assert (first / "report.html").read_text() == report_on(read_results(first))
    assert "The same scenario, version, engine and seeds." in both.read_text()


def test_a_folder_without_a_summary_is_named(tmp_path):
    """With what is missing; three folders are one too many."""
    with pytest.raises(ResultsError, match=r"summary\.json: cannot read the summary: No such file"):
        read_results(tmp_path)
    three = CliRunner().invoke(app, ["report", *[str(tmp_path)] * 3])
    assert three.exit_code == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_need_not_scroll_sideways(tmp_path, scheme):
    """At the narrowest window the browser makes; the page's own policy lets no script measure it,
    so a copy without one does."""
    told = Blamed(strategy="check_then_act", seed=1, diagram=diagram_of(blame(DISPLACED), str))
    refused = {"shared_lock": {}, "check_then_act": {"evicted": 9}}
    summary = a_summary(tmp_path / "runs", refused, blames=(told,))
    html = report_on(read_results(a_folder(tmp_path, "run", summary)))
    measure = (
        "<script>document.body.dataset.overflow = "
        "document.documentElement.scrollWidth - innerWidth</script></body>"
    )
    policy = re.compile(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>")
    page = tmp_path / "page.html"
    page.write_text(policy.sub("", html).replace("</body>", measure))
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []

    dom, log = opened(page.as_uri(), tmp_path, *dark, width=360)

    assert int(re.search(r'data-overflow="(-?\d+)"', dom)[1]) <= 0
    assert "token 1 is evicted by token 2," in dom
    assert "CONSOLE" not in log


def test_the_browser_has_nothing_to_complain_of(tmp_path):
    """The page as it is, its policy included."""
    summary = a_summary(tmp_path / "runs", {"shared_lock": {}})
    folder = a_folder(tmp_path, "run", summary)
    page = folder / "report.html"
    page.write_text(report_on(read_results(folder)))

    dom, log = opened(page.as_uri(), tmp_path)

    assert "The figures" in dom
    assert "CONSOLE" not in log
