"""A file is there whole or not at all: on a full disk, beside a killed writer, as a link."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys

import pytest

from tokenrace.files.whole_file import whole_file, write_whole

KILLED_AMID = """
import os, signal, sys
from pathlib import Path
from tokenrace.files.whole_file import whole_file
with whole_file(Path(sys.argv[1])) as partial:
    partial.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
WAITS_AMID = """
import sys
from pathlib import Path
from tokenrace.files.whole_file import whole_file
with whole_file(Path(sys.argv[1])) as partial:
    partial.write_text("theirs")
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def small_disk():
    """No file can become longer than a thousand bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


def test_a_file_appears_when_all_of_it_is_written(tmp_path):
    """Until then a hidden name stands there, which is gone afterwards."""
    final = tmp_path / "junit.xml"
    with whole_file(final) as partial:
        partial.write_text("<all/>", encoding="utf-8")
        assert not final.exists()

    assert final.read_text(encoding="utf-8") == "<all/>"
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.parametrize("older", [None, "older"])
def test_a_full_disk_leaves_what_was_there(tmp_path, small_disk, older):
    """Not an empty file, nor the first thousand bytes: the older one, or none."""
    final = tmp_path / "junit.xml"
    if older is not None:
        final.write_text(older, encoding="utf-8")
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        write_whole(final, "x" * 1_001)

    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == [older] * (
        older is not None
    )


def test_a_new_file_has_the_mode_of_any_other_and_an_old_one_keeps_its_own(tmp_path):
    """A hidden file is nobody else's; what it becomes is."""
    final, other = tmp_path / "new", tmp_path / "other"
    other.touch()
    write_whole(final, "a")
    assert final.stat().st_mode == other.stat().st_mode

    final.chmod(0o640)
    write_whole(final, "b")
    assert stat.S_IMODE(final.stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    """The file it points at is the one that is written, though it is in another folder."""
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere/target", tmp_path / "link"
    link.symlink_to("elsewhere/target")
    for content in (b"first", b"second"):
        write_whole(link, content)
        assert link.is_symlink()
        assert target.read_bytes() == content


def test_what_is_no_file_is_written_as_it_stands(tmp_path):
    """Nothing can be put in the place of a device, and a folder is none either."""
    write_whole(tmp_path / "../../../../../../../../dev/null", "gone")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write_whole(tmp_path / "../../../../../../../../dev/full", "x")
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, "x")


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    """SIGKILL amid the file: the hidden half stays, until somebody writes the same file."""
    final = tmp_path / "base*line.json"
    killed = subprocess.run([sys.executable, "-c", KILLED_AMID, str(final)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1

    write_whole(tmp_path / "another.json", "")
    assert len(list(tmp_path.iterdir())) == 2
    write_whole(final, "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"another.json", final.name}


def test_another_writer_that_lives_is_left_alone(tmp_path):
    """Two write the same file: each of them whole, and the last to end stays."""
    final = tmp_path / "summary.md"
    command = [sys.executable, "-c", WAITS_AMID, str(final)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as theirs:
        assert theirs.stdout.readline() == "writing\n"
        write_whole(final, "ours")
        assert final.read_text(encoding="utf-8") == "ours"
        theirs.communicate("", timeout=30)

    assert final.read_text(encoding="utf-8") == "theirs"
    assert list(tmp_path.iterdir()) == [final]
