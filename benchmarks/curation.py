"""Finding and fixing: our figures beside those of other tools, on photos with known trouble.

python -m benchmarks.curation BENCH ...     each bench is a room of this folder; `--help` lists
them
"""

from __future__ import annotations

import argparse

from benchmarks import (
    acquisition,
    annotators,
    copies,
    costs,
    labels,
    quality,
    rounds,
    scanning,
    strangers,
    table,
)
from data_cards.progress import speak_up

BENCHES = {
    "quality": quality,
    "annotators": annotators,
    "labels": labels,
    "copies": copies,
    "acquisition": acquisition,
    "rounds": rounds,
    "scan": scanning,
    "table": table,
    "costs": costs,
    "strangers": strangers,
}


def main() -> None:
    """Run one bench."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation")
    commands = parser.add_subparsers(required=True, metavar="BENCH")
    for name, bench in BENCHES.items():
        command = commands.add_parser(name, help=(bench.__doc__ or "").splitlines()[0])
        bench.add_flags(command)
        command.set_defaults(run=bench.run)
    flags = parser.parse_args()
    speak_up()
    flags.run(flags)


if __name__ == "__main__":
    main()
