"""The ``tokenrace`` command: parses, calls, prints. Decides nothing.

Exit codes: 0 done; 1 a run failed; 2 wrong input, said on standard error in one message; 3
inconclusive; 70 tokenrace crashed; 129 hung up; 130 interrupted; 143 terminated.
"""

__all__ = ["main"]


def main() -> None:
    """Run the command line.

    Its commands are loaded here: each process of a run on the wire imports this file too.
    """
    from tokenrace.cli.exits import CRASHED, tell_crash
    from tokenrace.cli.output import Output
    from tokenrace.cli.plain_letters import print_what_can_be_printed

    output = Output()
    print_what_can_be_printed()
    code = 0
    try:
        from tokenrace.cli.app import app

        app()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception:  # noqa: BLE001 - a bug outside of any command
        tell_crash()
        code = CRASHED
    raise SystemExit(output.end(code))
