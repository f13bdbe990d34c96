"""``python -m tokenrace`` is ``tokenrace``."""

from tokenrace.cli import main

if __name__ == "__main__":  # the processes of a run on the wire import this file too
    main()
