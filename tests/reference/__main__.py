"""Makes every reference run anew and writes the index. What no scenario has any more is removed."""

import shutil
import sys

from simulator.simulation.many_runs import Lost, as_they_end
from simulator.simulation.runners import Processes, processors
from tests.reference.index import index
from tests.reference.making import make
from tests.reference.places import INDEX, place_of, places_there, scenario_files


def main() -> None:
    """Make them all, as many at once as there are processors; exit code 1 where one is lost."""
    files = scenario_files()
    with Processes(processors()) as runners:
        for done, (_, place) in enumerate(as_they_end(files, make, runners), start=1):
            if isinstance(place, Lost):
                sys.exit(place.reason)
            print(f"{done:>3} of {len(files)}  {place}", flush=True)
    for place in set(places_there()) - {place_of(file) for file in files}:
        shutil.rmtree(place)
        print(f"removed    {place}")
    INDEX.write_text(index(), encoding="utf-8", newline="\n")
    print(f"index      {INDEX}")


if __name__ == "__main__":
    main()
