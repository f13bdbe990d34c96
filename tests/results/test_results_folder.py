"""A folder of results is there whole or not at all."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tokenrace.errors import ResultsError
from tokenrace.files.results_folder import remove_leftovers, whole_or_not_at_all

ROOT = Path(__file__).parents[2]


def test_the_folder_appears_when_all_of_it_is_written(tmp_path):
    """Until then only a hidden name stands beside it."""
    final = tmp_path / "results/stampede"
    with whole_or_not_at_all(final) as partial:
        (partial / "summary.json").write_text("{}", encoding="utf-8")
        assert not final.exists()

    assert (final / "summary.json").read_text(encoding="utf-8") == "{}"
    assert list(final.parent.iterdir()) == [final]


def test_an_older_folder_stays_until_the_new_one_is_complete(tmp_path):
    """Then it is gone, with every file the new one does not have."""
    final = tmp_path / "stampede"
    final.mkdir()
    (final / "old").touch()
    with whole_or_not_at_all(final) as partial:
        (partial / "new").touch()
        assert (final / "old").exists()

    assert [path.name for path in final.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_stays_of_a_folder_that_was_not_completed(tmp_path, error):
    """Ctrl-C included; the older folder is untouched."""
    final = tmp_path / "stampede"
    final.mkdir()
    (final / "old").touch()
    with pytest.raises(error), whole_or_not_at_all(final) as partial:
        _begin_and_give_up(partial, error)

    assert [path.name for path in final.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [final]


def _begin_and_give_up(partial, error):
    (partial / "new").touch()
    raise error


def test_a_file_in_the_way_is_named(tmp_path):
    """Refused before the block is entered."""
    (tmp_path / "stampede").touch()
    with (
        pytest.raises(ResultsError, match="stampede: is a file"),
        whole_or_not_at_all(tmp_path / "stampede"),
    ):
        raise AssertionError


NAMES = ["report.html", "summary.json"]
STEPS_MAX = 100


def killed_before(step, final, *how):
    """Replace ``final`` in a process that is killed before its so many-th step; whether it was."""
    command = [sys.executable, "-m", "tests.results.killed_amid", str(final), str(step), *how]
    done = subprocess.run(command, cwd=ROOT, check=False, timeout=60)
    assert done.returncode in {0, -signal.SIGKILL}
    return done.returncode != 0


def content(final):
    """What all files of the results say; None where they are not whole."""
    if not final.exists() or sorted(path.name for path in final.iterdir()) != NAMES:
        return None
    (said,) = {path.read_text(encoding="utf-8") for path in final.iterdir()}
    return said


def old_results(parent):
    final = parent / "stampede"
    shutil.rmtree(final, ignore_errors=True)
    final.mkdir()
    for name in NAMES:
        (final / name).write_text("old", encoding="utf-8")
    return final


@pytest.mark.parametrize("how", [[], ["plainly"]], ids=["swapped", "moved twice"])
def test_a_run_killed_at_any_step_leaves_whole_results(tmp_path, how):
    """SIGKILL before each thing that is done to the disk in turn: the old results are there or the
    new ones, at every instant where the two can change places. The next run of anything removes
    what is left; where they can't be swapped, it also puts the new ones there."""
    said = []
    for step in range(1, STEPS_MAX):
        final = old_results(tmp_path)
        was_killed = killed_before(step, final, *how)
        there = content(final)
        assert there is not None or how
        remove_leftovers(tmp_path)
        said.append(content(final))
        assert [path.name for path in tmp_path.iterdir()] == ["stampede"]
        if not was_killed:
            break

    assert said == ["old"] * said.count("old") + ["new"] * said.count("new")
    assert said.count("old") > 3 < said.count("new")


def test_a_run_that_lives_keeps_its_folder(tmp_path):
    """Another run beside it takes it for no leftover."""
    with whole_or_not_at_all(tmp_path / "mine") as partial:
        (partial / "summary.json").touch()
        with whole_or_not_at_all(tmp_path / "other"):
            pass
        remove_leftovers(tmp_path)
        assert (partial / "summary.json").exists()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "other"]


def test_somebody_elses_hidden_files_are_left_alone(tmp_path):
    """Of a name that could be ours, but not of our making."""
    (tmp_path / ".notes-0123abcd").mkdir()
    (tmp_path / ".notes-0123abcd.owner").write_text("Ms Smith", encoding="utf-8")
    (tmp_path / ".git").mkdir()
    remove_leftovers(tmp_path)

    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_a_link(tmp_path, is_there):
    """``results/stampede`` points to another disk: the results go there, whether or not there are
    any yet."""
    link = tmp_path / "results/stampede"
    link.parent.mkdir()
    if is_there:
        (tmp_path / "disk/runs").mkdir(parents=True)
        (tmp_path / "disk/runs/old").touch()
    link.symlink_to("../disk/runs")
    with whole_or_not_at_all(link) as partial:
        (partial / "new").touch()

    assert link.is_symlink()
    assert [path.name for path in link.iterdir()] == ["new"]
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["runs"]
    assert list(link.parent.iterdir()) == [link]
