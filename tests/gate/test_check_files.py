"""What a check writes, read back: JUnit XML, Markdown, GitHub annotations, JSON."""

import json
import re
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.checked import a_case, a_check, a_failure, a_finding
from tokenrace.gate.annotations import SHOWN_MAX as ANNOTATIONS_MAX
from tokenrace.gate.annotations import annotations
from tokenrace.gate.json_file import SCHEMA, json_text
from tokenrace.gate.junit import junit_xml
from tokenrace.gate.markdown import SHOWN_MAX, markdown
from tokenrace.gate.text import in_full

UNSURE = a_finding(
    strategy="theirs", verdict="inconclusive", measured="-", why="not all runs were made"
)
HOSTILE = a_failure(
    strategy="ours", why="<script>alert(1)</script> & ]]> \x1b[31m | `x` \ud800 100% a:b,c"
)
CHECKED = a_check(
    a_case(a_finding(), a_failure(), UNSURE, notes=("gone is gone",)),
    a_case(a_finding(), title="calm"),
    notes=("x.yaml is no scenario: passed over",),
)


def suites(checked):
    return ET.fromstring(junit_xml(checked)).findall("testsuite")


def test_a_suite_is_a_scenario_and_a_case_is_what_was_checked():
    """Three of one and one of the other."""
    small, calm = suites(CHECKED)

    assert (small.get("name"), calm.get("name")) == ("small", "calm")
    assert [case.get("name") for case in small.findall("testcase")] == [
        "ours: rate_401 <= 1%",
        "ours: rate_401 <= 1%",
        "theirs: rate_401 <= 1%",
    ]
    assert (small.get("tests"), small.get("failures"), small.get("errors")) == ("3", "1", "1")
    assert (calm.get("tests"), calm.get("failures"), calm.get("errors")) == ("1", "0", "0")
    assert {each.get("name"): each.get("value") for each in small.iter("property")} == {
        "file": "scenarios/small.yaml",
        "engine": "virtual",
        "tokenrace": "0.1.0",
    }
    assert small.findtext("system-out") == "gone is gone"


def test_a_failure_in_junit_says_measured_expected_seed_and_the_way_back():
    """And the blame of its first 401."""
    _, failed, unsure = suites(CHECKED)[0].findall("testcase")
    failure = failed.find("failure")

    assert failure.get("message") == ("ours: expected rate_401 <= 1%, measured 12 %: in every run")
    assert failure.text.splitlines() == [
        "ours: expected rate_401 <= 1%, measured 12 %: in every run",
        "scenarios/small.yaml:9:12",
        "seed 3, again: tokenrace replay s.yaml --strategy ours --seed 3",
        "its first 401: 00:00:09: p0.w1 got 401 with token 1: evicted",
        "  p0 held it",
    ]
    assert unsure.find("error").get("type") == "inconclusive"
    assert unsure.find("failure") is None


SUITE = {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"}


@pytest.mark.parametrize("checked", [CHECKED, a_check(), a_check(a_case(HOSTILE))])
def test_the_xml_keeps_to_the_schema_of_ants_junit_task(checked):
    """Its elements in their order, its attributes all there and no others, its types."""
    root = ET.fromstring(junit_xml(checked))

    assert (root.tag, root.attrib) == ("testsuites", {})
    for number, suite in enumerate(root):
        assert suite.tag == "testsuite"
        assert suite.attrib.keys() == SUITE
        assert suite.get("id") == str(number)
        datetime.strptime(suite.get("timestamp"), "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - has none
        assert re.fullmatch(r"\d+\.\d+", suite.get("time"))
        first, *cases, out, err = suite
        assert (first.tag, out.tag, err.tag) == ("properties", "system-out", "system-err")
        for case in cases:
            assert case.tag == "testcase"
            assert case.attrib.keys() == {"name", "classname", "time"}
            assert len(case) <= 1
            for trouble in case:
                assert trouble.tag in {"failure", "error"}
                assert trouble.attrib.keys() == {"message", "type"}


def test_what_xml_cannot_hold_is_replaced_and_the_rest_is_escaped():
    """A user's error may say anything: controls, half of a surrogate pair, markup."""
    (suite,) = suites(a_check(a_case(HOSTILE)))

    assert (
        suite.find("testcase/failure")
        .get("message")
        .endswith("<script>alert(1)</script> & ]]> \ufffd[31m | `x` \ufffd 100% a:b,c")
    )


def test_the_summary_has_the_troubles_open_and_the_rest_folded_away():
    """As GitHub shows it."""
    lines = markdown(CHECKED).splitlines()

    assert lines[:4] == [
        "## tokenrace check failed",
        "",
        "2 scenarios, 8 runs in 2.5 s: 1 pass, 1 fail.",
        "- x.yaml is no scenario: passed over",
    ]
    assert [line for line in lines if line.startswith("###")] == [
        "### **FAIL** small, ours: expected rate\\_401 \\<= 1%, measured 12 %: in every run",
        (
            "### *inconclusive* small, theirs: expected rate\\_401 \\<= 1%, measured -: "
            "not all runs were made"
        ),
    ]
    assert "its first 401: 00:00:09: p0.w1 got 401 with token 1: evicted" in lines
    assert "<details><summary>All 2 scenarios</summary>" in lines
    assert "| calm | virtual | 4 | 1 | pass |" in lines
    assert lines[-1] == "Again: `tokenrace check scenarios`"


def test_nothing_of_a_users_error_is_markup():
    """Escaped in headings; in a block, where nothing is markup, the block's end is not in it."""
    text = markdown(a_check(a_case(a_failure(why="<b> | *x*", detail="```\n<b>"))))

    assert "### **FAIL** small, ours: expected rate\\_401 \\<= 1%, measured 12 %: " in text
    assert "\\<b\\> \\| \\*x\\*" in text
    assert "````text\nscenarios/small.yaml:9:12\n```\n<b>\n" in text


def test_a_summary_of_many_failures_stays_readable():
    """Forty are shown and two are counted; a long traceback keeps its end."""
    detail = "\n".join(f"frame {number}" for number in range(500))
    text = markdown(a_check(a_case(*[a_failure(detail=detail)] * (SHOWN_MAX + 2))))

    assert text.count("### **FAIL**") == SHOWN_MAX
    assert "And 2 more." in text
    assert "frame 499" in text
    assert "frame 400\n" not in text
    assert len(text) < 1 << 20


def test_findings_that_cannot_tell_for_one_reason_are_told_once():
    """Ten strategies of a scenario that is not in the baseline."""
    new = [
        a_finding(
            kind="baseline",
            strategy=f"s{number}",
            verdict="inconclusive",
            measured="not compared",
            why="it is new",
        )
        for number in range(10)
    ]
    text = markdown(a_check(a_case(*new)))

    assert text.count("### ") == 1
    assert "s0: not compared: it is new; and 9 more like it" in text


@pytest.mark.parametrize("why", ["lost", "lost; use more seeds"])
def test_a_detail_that_the_sentence_says_is_not_said_again(why):
    """The others are."""
    finding = a_failure(why=why, detail="lost\nlost; in vain\nfound", way_back=None)
    below = list(in_full(finding, "s.yaml"))

    assert below == ["s.yaml:9:12", "lost; in vain", "found"]


def test_an_annotation_marks_the_line_of_the_scenario():
    """Errors before warnings, seen from the root of the checkout."""
    failed, unsure = annotations(CHECKED, Path.cwd())
    data = failed.partition("::")[2].partition("::")[2]

    assert failed.startswith(
        "::error file=scenarios/small.yaml,line=9,col=12,title=small%3A fail::ours: expected"
    )
    assert unsure.startswith("::warning file=scenarios/small.yaml,line=9,col=12,title=small%3A in")
    assert "%0Aseed 3, again: tokenrace replay s.yaml" in data
    assert "<= 1%25" in data


def test_an_annotation_is_one_line_whatever_it_says():
    """Line feeds, percent signs, and in properties colons and commas are escaped."""
    case = a_case(a_failure(detail="a\r\nb"), title="x,y:z")
    (line,) = annotations(a_check(case), Path.cwd())

    assert "\n" not in line
    assert "\r" not in line
    assert "file=scenarios/x%2Cy%3Az.yaml," in line
    assert "title=x%2Cy%3Az%3A fail::" in line


def test_no_more_annotations_than_github_shows():
    """Ten errors and ten warnings a step."""
    many = [a_failure()] * 30
    unsure = [a_finding(verdict="inconclusive", why=str(number)) for number in range(30)]

    assert len(list(annotations(a_check(a_case(*many, *unsure)), Path.cwd()))) == (
        2 * ANNOTATIONS_MAX
    )


def test_the_json_has_every_finding_and_the_chain_as_a_trace_has_it():
    """With a schema number, and the verdicts that programs want."""
    values = json.loads(json_text(CHECKED))
    small, calm = values["cases"]
    failed = small["findings"][1]

    assert (values["schema"], values["verdict"], values["version"]) == (SCHEMA, "fail", "0.1.0")
    assert (small["verdict"], calm["verdict"]) == ("fail", "pass")
    assert (failed["line"], failed["column"], failed["verdict"]) == (9, 12, "fail")
    assert failed["way_back"]["seed"] == 3
    assert failed["way_back"]["chain"][1] == {
        "at": 9,
        "event": "call_refused",
        "token": 1,
        "cause": "evicted",
        "asked_by": "p0.w1",
    }
    assert small["findings"][0]["way_back"] is None
