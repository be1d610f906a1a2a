"""Finding and fixing: our figures beside those of other tools, on photos with known trouble.

python -m benchmarks.curation BENCH ...     `--help` lists the benches
"""

from __future__ import annotations

import argparse

from benchmarks.labels import (
    acquisition,
    annotators,
    first_labels,
    from_nothing,
    label_errors,
    rounds,
    strangers,
)
from benchmarks.near_duplicates import copies
from benchmarks.photos import clips, quality, reference_views
from benchmarks.scale import cluster, costs, scanning
from benchmarks.serving import contact_sheet, light_table
from data_cards.progress import speak_up

BENCHES = {
    "quality": quality,
    "clips": clips,
    "views": reference_views,
    "annotators": annotators,
    "labels": label_errors,
    "copies": copies,
    "acquisition": acquisition,
    "first-labels": first_labels,
    "from-nothing": from_nothing,
    "rounds": rounds,
    "scan": scanning,
    "table": light_table,
    "sheet": contact_sheet,
    "costs": costs,
    "cluster": cluster,
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
