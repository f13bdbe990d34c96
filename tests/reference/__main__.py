"""Makes every reference run anew and writes the index. What no scenario has any more is removed."""

import json
import shutil
import sys

from tests.reference.index import index
from tests.reference.making import make
from tests.reference.places import FINGERPRINTS, INDEX, place_of, places_there, scenario_files
from tokenrace.simulation.many_runs import Lost, as_they_end
from tokenrace.simulation.runners import Processes, processors


def main() -> None:
    """Make them all, as many at once as there are processors; exit code 1 where one is lost."""
    files = scenario_files()
    made: dict[str, str] = {}
    with Processes(processors()) as runners:
        for number, outcome in as_they_end(files, make, runners):
            if isinstance(outcome, Lost):
                sys.exit(f"{files[number]}: {outcome.reason}")
            made[files[number].as_posix()] = outcome
            print(f"{len(made):>3} of {len(files)}  {place_of(files[number])}", flush=True)
    for place in set(places_there()) - {place_of(file) for file in files}:
        shutil.rmtree(place)
        print(f"removed    {place}")
    FINGERPRINTS.write_text(json.dumps(made, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    INDEX.write_text(index(), encoding="utf-8", newline="\n")
    print(f"index      {INDEX}")


if __name__ == "__main__":
    main()
