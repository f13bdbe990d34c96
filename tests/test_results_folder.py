"""A folder of results is there whole or not at all."""

import pytest

from simulator.errors import ResultsError
from simulator.results_folder import whole_or_not_at_all


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
