"""How processes, workers and users are named in requests, traces and random streams."""


def process_name(process: int) -> str:
    """Return the caller name of a process, such as ``"p3"``."""
    return f"p{process}"


def worker_name(process: int, worker: int) -> str:
    """Return the caller name of a worker, such as ``"p3.w7"``."""
    return f"p{process}.w{worker}"


def user_id(process: int, worker: int) -> str:
    """Return the user in whose name a worker makes meetings: each worker has its own."""
    return f"user-{process}-{worker}"


def stream_name(name: str, life: int) -> str:
    """Return what the random streams of a process or worker are named after in its process's
    ``life``, counted from 1: started again, it draws anew, and its name elsewhere stays."""
    return name if life == 1 else f"{name}#{life}"
