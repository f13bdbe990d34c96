"""``python -m simulator.cli`` is ``tokenrace``."""

from simulator.cli import main

if __name__ == "__main__":  # the processes of a run on the wire import this file too
    main()
