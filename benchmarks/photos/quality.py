"""Photos nobody can learn from: trouble planted into real photos, found by us and by
cleanvision, and false alarms.

    python -m benchmarks.curation quality --photos ../shared/photos/groceries/val [--count 60] [--sheet flagged.png]

Each kind is planted into `count` photos; all stand in one folder with the untouched ones, and
both tools see the files. Precision counts every file that a tool gives the kind's name,
untouched photos among them. `named` ignores the name.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from curation.issues.photo_quality import troubles
from curation.measures.measure import measured
from data_cards.errors import BadPhoto
from data_cards.photos.image import open_photo
from tests.fixtures.planted_errors import PLANTED

LONGEST = 1024  # pixels: photos are planted and saved at this size
NAMES = {
    "out of focus": "blurred",
    "motion blur": "blurred",
    "odd aspect": "odd shape",
    "phone page": "screenshot",
    "phone photo": "screenshot",
    "window": "screenshot",
    "truncated": "unreadable",
    "web page": "unreadable",
}
# What cleanvision calls the same; what it does not look for is empty.
THEIRS = {
    "dark": ("dark",),
    "bright": ("light",),
    "blurred": ("blurry",),
    "odd shape": ("odd_aspect_ratio",),
    "tiny": ("odd_size",),
    "blank": ("low_information",),
    "placeholder": ("low_information",),
    "screenshot": (),
    "unreadable": (),
}
Found = dict[str, set[str]]
CLEAN = "untouched"


def plant(photos: list[Path], count: int, folder: Path, seed: int) -> dict[str, str]:
    """Write the untouched photos and `count` of each kind; kind by file name."""
    rng = random.Random(seed)
    kinds = dict[str, str]()
    for place, path in enumerate(photos):
        try:
            photo = open_photo(path.read_bytes())
        except BadPhoto:
            continue
        photo.thumbnail((LONGEST, LONGEST))
        (folder / f"{place:05}.jpg").write_bytes(path.read_bytes())
        kinds[f"{place:05}.jpg"] = CLEAN
        for kind, make in PLANTED.items() if place < count else ():
            name = f"{place:05}-{kind.replace(' ', '-')}.jpg"
            make(photo, rng).save(folder / name, quality=85)
            kinds[name] = kind
        if place < count:
            kinds |= _broken(folder, place, path.read_bytes())
    return kinds


def _broken(folder: Path, place: int, data: bytes) -> dict[str, str]:
    (folder / f"{place:05}-truncated.jpg").write_bytes(data[: len(data) * 2 // 3])
    (folder / f"{place:05}-web-page.jpg").write_bytes(
        b"<!doctype html><title>404</title><p>Not found"
    )
    return {f"{place:05}-truncated.jpg": "truncated", f"{place:05}-web-page.jpg": "web page"}


def ours(folder: Path) -> Found:
    """Names of trouble by file."""
    found: Found = {}
    for path in sorted(folder.iterdir()):
        measures = measured(path.read_bytes())
        found[path.name] = (
            {"unreadable"} if measures is None else {one.name for one in troubles(measures)}
        )
    return found


def cleanvision(folder: Path) -> Found:
    """The same by cleanvision, in our names. It ends at the first file that is broken, so it is
    shown none of these."""
    from cleanvision import Imagelab

    whole = [
        path
        for path in sorted(folder.iterdir())
        if not path.stem.endswith(("truncated", "web-page"))
    ]
    lab = Imagelab(filepaths=[str(path) for path in whole])
    lab.find_issues(
        {
            name: {}
            for name in (
                "dark",
                "light",
                "blurry",
                "odd_aspect_ratio",
                "odd_size",
                "low_information",
            )
        },
        n_jobs=2,
        verbose=False,
    )
    found: Found = defaultdict(set)
    for name, theirs in THEIRS.items():
        for column in theirs:
            flagged = lab.issues.index[lab.issues[f"is_{column}_issue"]]
            for path in flagged:
                found[Path(str(path)).name].add(name)
    return found


def compare(kinds: dict[str, str], tools: dict[str, Found]) -> None:
    """Recall and precision by kind, and what is said of untouched photos."""
    heads = (f"{name:>13} {'recall':>7}{'precision':>10}{'flagged':>8}" for name in tools)
    print(f"{'planted':14}{'files':>6}" + "".join(heads))
    for kind in dict.fromkeys(kinds.values()):
        name = NAMES.get(kind, kind)
        mine = {file for file, its in kinds.items() if its == kind}
        line = f"{kind:14}{len(mine):6}"
        for found in tools.values():
            line += _scores(kind, name, mine, kinds, found)
        print(line)
    for tool, found in tools.items():
        alarms = [
            (file, names)
            for file, names in sorted(found.items())
            if kinds.get(file) == CLEAN and names
        ]
        print(
            f"{tool}: {len(alarms)} of {sum(kind == CLEAN for kind in kinds.values())} untouched "
            "photos flagged: "
            + ", ".join(f"{file} {'+'.join(sorted(names))}" for file, names in alarms[:12])
        )


def _scores(kind: str, name: str, mine: set[str], kinds: dict[str, str], found: Found) -> str:
    any_name = sum(bool(found.get(file)) for file in mine) / len(mine)
    if kind == CLEAN:
        return f"{'':13} {'':7}{'':10}{any_name:8.3f}"
    named = {file for file, names in found.items() if name in names}
    # Another kind that goes by the same name is no mistake, nor is a strip that is also tiny.
    strays = {file for file in named if kinds[file] == CLEAN}
    hits = len(named & mine)
    precision = hits / max(1, hits + len(strays))
    return f"{'':13} {hits / len(mine):7.3f}{precision:10.3f}{any_name:8.3f}"


def sheet(folder: Path, kinds: dict[str, str], found: Found, out: Path) -> None:
    """Untouched photos that were flagged, on one picture, to be looked at."""
    flagged = [
        (file, names) for file, names in sorted(found.items()) if kinds.get(file) == CLEAN and names
    ]
    page = Image.new("RGB", (1200, 270 * max(1, -(-len(flagged) // 5))), "white")
    for place, (file, names) in enumerate(flagged):
        photo = open_photo((folder / file).read_bytes())
        at = (place % 5 * 240, place // 5 * 270)
        photo.thumbnail((236, 240))
        page.paste(photo, at)
        ImageDraw.Draw(page).text(
            (at[0], at[1] + 244), f"{file} {'+'.join(sorted(names))}", "black"
        )
    page.save(out)


def _timed(work: Callable[[Path], Found], folder: Path, files: int) -> tuple[Found, str]:
    began = time.monotonic()
    found = work(folder)
    return found, f"{time.monotonic() - began:.1f} s for {files} files"


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("--photos", type=Path, required=True)
    command.add_argument(
        "--count", type=int, default=60, help="photos that each trouble is planted into"
    )
    command.add_argument("--most", type=int, default=400, help="untouched photos beside them")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--sheet", type=Path, help="write flagged untouched photos as one picture")


def run(flags: argparse.Namespace) -> None:
    """Print the figures."""
    photos = sorted(path for path in flags.photos.rglob("*") if path.is_file())
    random.Random(flags.seed).shuffle(photos)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        kinds = plant(photos[: flags.most], flags.count, folder, flags.seed)
        mine, took = _timed(ours, folder, len(kinds))
        theirs, took_them = _timed(cleanvision, folder, len(kinds))
        print(f"ours: {took} on one thread; cleanvision: {took_them} on two processes")
        compare(kinds, {"ours": mine, "cleanvision": theirs})
        if flags.sheet:
            sheet(folder, kinds, mine, flags.sheet)
