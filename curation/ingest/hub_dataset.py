"""A dataset as a source: any dataset of images on the Hub, read by the `datasets` library as it
streams in, or a dataset of ours, on the Hub or in a folder, with what its people decided.

    from_hub("hf://user/name", SourceOptions(config="small", split="train+test"))
    from_dataset("hf://user/name")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from curation.ingest.incoming import Gathered, Incoming, LeftAlone, SourceOptions
from curation.ingest.lists.columns import FILE, LABEL
from curation.ingest.naming import Naming, meaning
from curation.ingest.split_names import splits_of
from data_cards.dataset.class_names import name_key
from data_cards.dataset.repo import CARD, CLASSES, IMAGES, Dataset, open_dataset
from data_cards.errors import BadPhoto, BadSource, MissingFile
from data_cards.storage.hub_client import kindly
from data_cards.storage.repository import HUB, open_repository, parse_address
from data_cards.wording import first_few

if TYPE_CHECKING:
    import datasets

ASIDE = {"junk": "marked as junk there", "duplicate": "marked as a duplicate there"}


def is_dataset(folder: Path) -> bool:
    """Whether a folder is a dataset of ours."""
    return (folder / CLASSES).is_file() and (folder / CARD).is_file() and (folder / IMAGES).is_dir()


def from_hub(address: str, options: SourceOptions) -> Gathered:
    """A dataset of the Hub. Raises BadSource, MissingFile, NotAllowed and HubUnreachable."""
    place = parse_address(address)
    repo = open_repository(address)
    revision = repo.pinned or repo.head()
    if revision is None:
        raise MissingFile(
            f"The Hub shows no dataset called {place.name}. Check the name.", address=address
        )
    if CLASSES in repo.files(revision=revision):
        return from_dataset(address)
    sides = _opened(place.name, revision, options)
    columns = _columns_of(next(iter(sides.values())), place.name, options)
    naming = Naming.of(_names(sides, columns))
    given = splits_of(sides)
    has_sides = len(set(given.values())) > 1

    def incoming() -> Iterator[Incoming]:
        with kindly(address, "dataset"), _refusals_told(place.name, options):
            for side, rows in sides.items():
                for number, row in enumerate(rows):
                    label = columns.label_of(row) or options.label or ""
                    picture = row.get(columns.image) or {}
                    path = _path_of(picture.get("path"), side, number, place.name)
                    read = partial(_bytes_of, picture, place.name)
                    yield Incoming(
                        path,
                        read,
                        naming.label(label),
                        meaning(label),
                        given.get(side) if has_sides else None,
                        named_by=columns.named_by,
                    )

    return Gathered(
        place.name.split("/")[1], incoming(), _total(sides), naming.classes, remarks=columns.remarks
    )


@contextmanager
def _refusals_told(name: str, options: SourceOptions) -> Iterator[None]:
    """Turn what `datasets` raises into sentences."""
    from httpx2 import HTTPError

    try:
        yield
    except FileNotFoundError as error:
        raise BadSource(
            f"{name} has no readable data: {_first_line(error)}.", source=name
        ) from error
    except ValueError as error:
        words = str(error)
        if "Config name is missing" in words or "not found. Available" in words:
            named = words[words.find("[") :].partition("]")[0] + "]"
            asked = f"no config called {options.config}" if options.config else "several parts"
            raise BadSource(
                f"{name} has {asked}. Choose one with --config: {named[1:-1]}.", source=name
            ) from error
        raise BadSource(f"{name} cannot be read: {_first_line(error)}.", source=name) from error
    except (
        RuntimeError,
        TypeError,
        KeyError,
    ) as error:  # a script instead of data, or tables that do not match
        if isinstance(error.__cause__, HTTPError):
            raise
        raise BadSource(f"{name} cannot be read: {_first_line(error)}.", source=name) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def _opened(
    name: str, revision: str, options: SourceOptions
) -> dict[str, datasets.IterableDataset]:
    """The splits of a dataset by name, without loading any or decoding a picture."""
    import datasets as library

    with kindly(f"{HUB}{name}", "dataset"), _refusals_told(name, options):
        found = library.load_dataset(name, options.config, revision=revision, streaming=True)
        wanted = options.split.split("+") if options.split else list(found)
        unknown = [side for side in wanted if side not in found]
        if unknown:
            raise BadSource(
                f"{name} has no split {unknown[0]}; it has {', '.join(found)}.", source=name
            )
        return {
            str(side): found[side].decode(False) if found[side].features else found[side]
            for side in wanted
        }


@dataclass(frozen=True)
class _HubColumns:
    image: str
    label: str | None
    names: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def named_by(self) -> str:
        return f"column {self.label}" if self.label else ""

    def label_of(self, row: Mapping[str, Any]) -> str:
        """The label of a row as text; nothing where there is none."""
        value = row.get(self.label) if self.label else None
        if value is None or value == "":
            return ""
        if self.names:
            return (
                self.names[value] if isinstance(value, int) and 0 <= value < len(self.names) else ""
            )
        return str(value)


def _columns_of(rows: datasets.IterableDataset, name: str, options: SourceOptions) -> _HubColumns:
    """Which column holds the picture and which the label, by their kinds. Raises BadSource."""
    from datasets import ClassLabel, Image, Value

    features = rows.features or {}
    images = [column for column, kind in features.items() if isinstance(kind, Image)]
    if not images:
        columns = list(features) or list(next(iter(rows), {}))
        raise BadSource(
            f"{name} has no column of images; it has {', '.join(columns) or 'no columns'}.",
            source=name,
        )
    image = _best(images, FILE)
    named = [column for column, kind in features.items() if isinstance(kind, ClassLabel)]
    plain = [
        column
        for column, kind in features.items()
        if isinstance(kind, Value)
        and name_key(column) in LABEL
        and kind.dtype in ("string", "large_string", "int8", "int16", "int32", "int64")
    ]
    label = options.label_column or (
        _best(named, LABEL) if named else _best(plain, LABEL) if plain else None
    )
    if label is not None and label not in features:
        raise BadSource(
            f"{name} has no column “{label}”; it has {', '.join(features)}.", source=name
        )
    kind = features.get(label or "")
    names = tuple(kind.names) if isinstance(kind, ClassLabel) else ()
    unused = [column for column in features if column not in (image, label)]
    return _HubColumns(image, label, names, tuple(_said(name, unused, label)))


def _best(columns: Sequence[str], names: Sequence[str]) -> str:
    keys = {name_key(column): column for column in reversed(columns)}
    return next((keys[name] for name in names if name in keys), columns[0])


def _said(name: str, unused: Sequence[str], label: str | None) -> Iterator[str]:
    if unused:
        question = (
            "" if label else f' Is one of them the label? Then add --label-column "{unused[0]}".'
        )
        yield f"Not used of {name}: {first_few((f'`{column}`' for column in unused), 6)}.{question}"


def _names(sides: Mapping[str, datasets.IterableDataset], columns: _HubColumns) -> Iterator[str]:
    """The names of all classes: as the column says, or else by going through it once."""
    if columns.names or columns.label is None:
        yield from columns.names
        return
    for rows in sides.values():
        for row in rows.select_columns([columns.label]):
            yield columns.label_of(row)


def _total(sides: Mapping[str, datasets.IterableDataset]) -> int | None:
    """How many rows there are, where the dataset's card says so."""
    told = next(iter(sides.values())).info.splits or {}
    counts = [told[side].num_examples for side in sides if side in told]
    return sum(counts) if len(counts) == len(sides) and all(counts) else None


def _path_of(path: str | None, side: str, number: int, name: str) -> str:
    """Where a picture lies in the repository, or else which row it is."""
    inside = f"{HUB}datasets/{name}@"
    if path and path.startswith(inside):
        return path.removeprefix(inside).partition("/")[2]
    return f"{side}/{number:06d}" + (f"-{PureWindowsPath(path).name}" if path else "")


def _bytes_of(picture: Mapping[str, Any], name: str) -> bytes:
    """A picture's bytes: those of its row, or of the file of the same repository that the row
    names."""
    data = picture.get("bytes")
    path = picture.get("path") or ""
    if data:
        return bytes(data)
    if not path.startswith(f"{HUB}datasets/{name}@"):
        raise BadPhoto("This row has no picture, and names none in its own repository.", path=path)
    from datasets.utils.file_utils import xopen

    with kindly(f"{HUB}{name}", "dataset"), xopen(path, "rb") as file:
        return bytes(file.read())


def from_dataset(address: str) -> Gathered:
    """A dataset of ours with the labels of today, its splits, its classes with their texts, and
    reference pictures. Photos that its people put aside stay aside. Raises MissingFile and what
    the repository raises."""
    dataset = open_dataset(address)
    photos = dataset.photos()
    labels = dataset.labels()
    splits = dataset.splits()
    aside = {
        name: ASIDE[one.status]
        for name, one in labels.items()
        if one.status in ASIDE and name in photos
    }

    def incoming() -> Iterator[Incoming]:
        for name, data in dataset.read_photos(name for name in photos if name not in aside):
            source = photos[name].sources[0]
            label = labels.get(name)
            split = splits.get(name)
            yield Incoming(
                source.path or name,
                partial(bytes, data),
                label.label if label else None,
                label.status if label else "unlabelled",
                split.split if split else source.given_split,
                source.origin,
                source.second,
                f"the labels of {address}",
            )

    references: dict[str, Callable[[], bytes]] = {
        name: partial(_reference, dataset, name) for name in dataset.references()
    }
    left = tuple(
        LeftAlone(photos[name].sources[0].path or name, why) for name, why in aside.items()
    )
    title = parse_address(address).name.rstrip("/").rpartition("/")[2]
    return Gathered(
        title,
        incoming(),
        len(photos) - len(aside),
        dataset.collection().classes,
        references,
        left_alone=left,
    )


def _reference(dataset: Dataset, name: str) -> bytes:
    return dataset.reference(name) or b""
