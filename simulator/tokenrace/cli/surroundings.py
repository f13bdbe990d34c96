"""What the machine refuses us, said in one line: a file system, a limit, a process that died."""

import errno
import os
import resource
import traceback

import tokenrace

_PACKAGE = os.path.dirname(tokenrace.__file__) + os.sep  # noqa: PTH120 - as tracebacks say it
_TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)
_SEMAPHORES = "/dev/shm, where processes share semaphores"  # noqa: S108 - named, not used


def told(trouble: OSError | EOFError) -> str:
    """Return what went wrong, what to do about it where that is known, and where it was met."""
    return f"tokenrace cannot continue: {_what(trouble)} (met in {_place(trouble)})"


def _what(trouble: OSError | EOFError) -> str:
    if isinstance(trouble, EOFError):
        return "a process it started ended before it answered"
    if trouble.errno in _TOO_MANY_FILES:
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        raised = "raise the limit: ulimit -n 1024"
        return f"{trouble.strerror}: at most {limit} may be open at once; {raised}"
    if isinstance(trouble, FileNotFoundError) and not _has_folder():
        return "the working folder was deleted; change to one that is there"
    names = [str(name) for name in (trouble.filename, trouble.filename2) if name is not None]
    if not names and "multiprocessing" in _files(trouble):
        names = [_SEMAPHORES]
    return ": ".join([*names, trouble.strerror or str(trouble) or type(trouble).__name__])


def _has_folder() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - what Path.cwd() asks
    except FileNotFoundError:
        return False
    return True


def _files(trouble: BaseException) -> str:
    return " ".join(frame.filename for frame in traceback.extract_tb(trouble.__traceback__))


def _place(trouble: BaseException) -> str:
    """Return the innermost place of our own, and where in a library it was met there."""
    frames = traceback.extract_tb(trouble.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(_PACKAGE)]
    frame = (ours or frames)[-1]
    return f"{frame.filename.removeprefix(_PACKAGE)}:{frame.lineno}"
