"""Photos come in: from a source into a dataset, each distinct photo once, with where it came
from.

What is stored is the photo as it came, without its location. Files that cannot be read become
findings. Only the photos of one shard are in memory; a crash leaves the dataset as it was at the
last commit.

    python -m curation collect photos/ my-dataset
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from curation.ingest.earlier import Now, compare
from curation.ingest.incoming import Gathered, Incoming, LeftAlone, SourceOptions
from curation.ingest.naming import as_written, name_classes, told_texts
from curation.ingest.photo_files import format_of, named_wrongly
from curation.ingest.report import CollectReport, Tally, about_sides, unreadable_for
from curation.ingest.search.photo_search import ORIGIN as SEARCHED
from curation.ingest.search.run import SearchRun
from curation.ingest.shards import Intake
from curation.ingest.sources import open_source
from data_cards.annotations.default_config import refresh_default_config
from data_cards.bulk.batching import side_by_side
from data_cards.dataset.collection import Collection
from data_cards.dataset.credits import FILE as CREDITS
from data_cards.dataset.credits import credited, credits_file, with_credits
from data_cards.dataset.repo import Dataset, create_dataset, open_dataset
from data_cards.dataset.schema import Photo, Source
from data_cards.errors import FULL, BadPhoto, BadSource, MissingFile, NotFetched, sentence_of
from data_cards.photos.image import image_id, inspect_photo, thumbnail
from data_cards.photos.photo_check import PhotoCheck, own_check
from data_cards.progress import say, track
from data_cards.storage.repository import parse_address
from data_cards.wording import counted
from train.splits.split import TEST, VALIDATION

WORKERS = 4
OPTIONS = SourceOptions()
REFERENCE_SIDE = 1024


@dataclass(frozen=True)
class Received:
    """A photo with one source, its bytes, the folder or column that its label comes from, and
    what is to be told of its file."""

    photo: Photo
    data: bytes
    named_by: str
    told: str = ""


@dataclass(frozen=True)
class Refused:
    """A file that is no photo: the sha256 of its bytes (of its path, where there were none), and
    why."""

    image_id: str
    path: str
    label: str | None
    reason: str
    named_by: str = ""


Arrival = Received | Refused
SEVERAL = "of several pages or frames; only the first of them was taken."


@dataclass
class FileNotes:
    """What is noted of the files of one run on their way in: how many of each class, where each
    lies, what is to be told of some, which were refused, which are somebody else's, and which
    addresses were fetched."""

    tally: Tally = field(default_factory=Tally)
    now: dict[str, Now] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    credited: dict[str, Photo] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def note(self, arrival: Arrival) -> None:
        """One file that arrived."""
        if isinstance(arrival, Refused):
            self.refused.append(arrival)
            self.now[arrival.path] = Now(
                arrival.image_id, arrival.label, arrival.named_by, is_refused=True
            )
            return
        photo, (source,) = arrival.photo, arrival.photo.sources
        self.tally.take(
            photo.image_id,
            source.given_label,
            source.given_split,
            arrival.named_by,
            source.path,
        )
        if source.author or source.licence or source.url:
            self.credited.setdefault(photo.image_id, photo)
        is_file = source.origin != SEARCHED  # an address says little of what it gives
        self.fetched += [] if is_file else [source.path]
        odd = named_wrongly(source.path, format_of(arrival.data)) if is_file else ""
        self.told.update((arrival.told, odd))
        if source.origin == "file":
            self.now[source.path] = Now(photo.image_id, source.given_label, arrival.named_by)


def collect(
    source: str | Path,
    address: str,
    *,
    collection: str | None = None,
    keep_location: bool = False,
    private: bool = True,
    options: SourceOptions = OPTIONS,
    now: datetime | None = None,
    workers: int = WORKERS,
) -> CollectReport:
    """Bring the photos of `source` into the dataset at `address`, which is made when there is
    none.

    `collection`: a shipped collection's name or a folder with card.md and classes.yaml, for
    titles and texts; or a name for a new one. `options`: what the owner said about the source.
    Run again, it adds only what is new. Raises BadSource, BadCollection, and what the repository
    raises.
    """
    there = _existing(address)
    options = replace(
        options,
        workplace=options.workplace or _beside(address),
        search=_search(options.search, there, collection),
    )
    gathered = _with_val_as_test(open_source(str(source), options), options)
    gathered = replace(gathered, name=as_written(gathered.name))
    classes = name_classes(
        there.collection() if there else None, gathered.name, gathered.classes, collection
    )
    things = classes.things
    gathered = replace(gathered, remarks=(*gathered.remarks, *classes.remarks))
    receiver = Receiver(
        classes.ids,
        keep_location,
        (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        own_check(),
    )
    arrivals = _one_readable(receiver.arrivals(gathered, workers), gathered, there)
    earlier = there.photos() if there else {}
    erased = there.repo.forgotten() if there else frozenset()
    erased_again = 0
    dataset = there or create_dataset(address, things, private=private)
    for remark in gathered.remarks:
        say(remark)
    notes = FileNotes()
    with Intake(dataset, things, _references(gathered, classes.ids, dataset)) as intake:
        for arrival in track(arrivals, f"Collecting {gathered.name}", gathered.total):
            if _id_of(arrival) in erased:
                erased_again += 1
                continue
            notes.note(arrival)
            if isinstance(arrival, Refused):
                intake.refuse(arrival.image_id, arrival.path, arrival.label, arrival.reason)
            else:
                intake.take(arrival.photo, arrival.data)
        found = compare(notes.now, earlier, dataset.findings(), classes.known, things)
        named, files = _naming_owners(found.things, {**notes.credited, **earlier})
        dataset = intake.finish(
            f"Collect from {gathered.name}", named, found.settled, found.outdated, files
        )
    dataset = refresh_default_config(dataset, None if options.table else False)
    if options.search:  # what is in the dataset now need not lie twice on this disk
        options.search.downloads.let_go(notes.fetched)
    ending = gathered.ending()
    gathered = replace(gathered, left_alone=(*gathered.left_alone, *ending.left_alone))
    later = (
        *ending.remarks,
        *_of_files(notes.told),
        *filter(None, [notes.tally.about_torn()]),
        *_labelled(intake.counts["labelled"]),
        *_erased_before(erased_again),
        *found.remarks,
        *_doubted(intake.counts["doubted"]),
        *_about_split(notes, earlier),
    )
    for remark in later:
        say(remark)
    return _report(dataset, intake.counts, notes, gathered, things, (*gathered.remarks, *later))


def _id_of(arrival: Arrival) -> str:
    return arrival.image_id if isinstance(arrival, Refused) else arrival.photo.image_id


def _erased_before(photos: int) -> tuple[str, ...]:
    one = "photo that was erased from this dataset stays"
    several = "photos that were erased from this dataset stay"
    return (f"{counted(photos, one, several)} out.",) if photos else ()


def _search(
    run: SearchRun | None, there: Dataset | None, collection: str | None
) -> SearchRun | None:
    """A search that knows what it is for and what is here already."""
    if run is None:
        return None
    texts = told_texts(collection) if collection else None
    things = texts or (there.collection() if there else None)
    return replace(run, things=things, here=there.photos() if there else {})


def _naming_owners(
    things: Collection, photos: Mapping[str, Photo]
) -> tuple[Collection, dict[str, bytes]]:
    """The collection and the file that name whose photos these are; where all are the owner's
    own, there is no file."""
    found = dict(credited(photos))
    files = {CREDITS: credits_file(photos)} if found else {}
    return with_credits(things, found.values()), files


def _report(
    dataset: Dataset,
    count: Mapping[str, int],
    notes: FileNotes,
    gathered: Gathered,
    things: Collection,
    remarks: tuple[str, ...],
) -> CollectReport:
    unreadable = (LeftAlone(one.path, unreadable_for(one.reason)) for one in notes.refused)
    return CollectReport(
        dataset.address,
        dataset.revision,
        count["added"],
        count["already_there"],
        count["repeated"],
        count["unreadable"],
        len(dataset.collection().ids),
        remarks,
        notes.tally.rows(things),
        (*unreadable, *gathered.left_alone),
    )


def _of_files(found: Mapping[str, int]) -> Iterator[str]:
    """A sentence that says how many files a remark is about."""
    for said, number in sorted(found.items()):
        if said:
            yield f"{counted(number, 'file is', 'files are each')} {said}"


def _labelled(number: int) -> Iterator[str]:
    if number:
        yield (
            f"{counted(number, 'photo', 'photos')} that had no label "
            f"{'has' if number == 1 else 'have'} one now."
        )


def _doubted(number: int) -> Iterator[str]:
    if number:
        yield (
            f"{counted(number, 'stored photo', 'stored photos')} came again with another label "
            f"than {'it has' if number == 1 else 'they have'}. The label stays; the light table "
            f"asks about {'it' if number == 1 else 'them'}."
        )


def _about_split(notes: FileNotes, earlier: Mapping[str, Photo]) -> Iterator[str]:
    """A sentence about a split of which only some sides have come, now or before."""
    sides = {side or None for label, side in notes.tally.photos if label is not None}
    sides |= {
        source.given_split
        for photo in earlier.values()
        for source in photo.sources
        if source.given_label
    }
    told = about_sides(sides)
    if told:
        yield told


@dataclass(frozen=True)
class Receiver:
    """How each file is received: class ids of the source -> those of the collection, what is
    kept of a photo, and who opens it."""

    ids: dict[str, str]
    keep_location: bool
    added_at: str
    check: PhotoCheck

    def receive(self, incoming: Incoming) -> Arrival:
        """Read, clean and check one file; one that cannot be decoded to its end is refused."""
        label = self.ids[incoming.label] if incoming.label else None
        data = b""
        try:
            data = incoming.read()
            stored = self.check.stored(data, self.keep_location)
            facts = inspect_photo(stored)
        except BadPhoto as refusal:
            return self._refused(incoming, data, label, refusal.sentence)
        except OSError as error:
            if error.errno in FULL:  # of unpacking: the next file would not fit either
                raise
            return self._refused(incoming, data, label, sentence_of(error))
        given = "none" if incoming.status == "none_of_these" else label
        source = Source(
            incoming.path,
            given,
            incoming.split,
            author=incoming.author,
            licence=incoming.licence,
            url=incoming.url,
            added_at=self.added_at,
            origin=incoming.origin,
            taken_at=facts.taken_at or "",
            second=incoming.second,
        )
        photo = Photo(image_id(stored), facts.width, facts.height, (source,))
        told = SEVERAL if facts.several or _lost_pages(data, stored) else ""
        return Received(photo, stored, incoming.named_by, told)

    def _refused(self, incoming: Incoming, data: bytes, label: str | None, why: str) -> Refused:
        name = hashlib.sha256(data or incoming.path.encode("utf-8", "surrogateescape")).hexdigest()
        return Refused(name, incoming.path, label, why, incoming.named_by)

    def arrivals(self, gathered: Gathered, workers: int) -> Iterator[Arrival]:
        """In the order of the source, a few files ahead on a few threads."""
        return side_by_side(self.receive, gathered.photos, workers, ahead=3)


def _with_val_as_test(gathered: Gathered, options: SourceOptions) -> Gathered:
    """Validation photos as the test, where the owner says so and no test came."""
    if not options.val_is_test:
        return gathered
    photos = list(gathered.photos)
    if any(photo.split == TEST for photo in photos):
        told = "A test came with these photos, so --val-is-test changes nothing."
        return replace(gathered, photos=photos, remarks=(*gathered.remarks, told))
    photos = [
        replace(photo, split=TEST) if photo.split == VALIDATION else photo for photo in photos
    ]
    return replace(gathered, photos=photos)


def _lost_pages(data: bytes, stored: bytes) -> bool:
    """Whether a file held more pictures than the first, which is all that is stored."""
    return data != stored and inspect_photo(data).several


def _beside(address: str) -> Path | None:
    """Where an archive may be unpacked: on the dataset's own disk, where there is room for what
    it holds."""
    place = parse_address(address)
    folder = Path(place.name).absolute().parent
    return (
        folder
        if place.kind == "folder" and folder.is_dir() and os.access(folder, os.W_OK)
        else None
    )


def _existing(address: str) -> Dataset | None:
    try:
        return open_dataset(address)
    except MissingFile:
        return None


def _one_readable(
    arrivals: Iterator[Arrival], gathered: Gathered, there: Dataset | None
) -> Iterator[Arrival]:
    """The same arrivals, once one of them is known to be a photo: nothing is made for a source
    without any. A catalogue of reference pictures may be all there is, and a search may have
    brought everything before."""
    refused: list[Refused] = []
    for arrival in arrivals:
        if not isinstance(arrival, Refused):
            return chain(refused, [arrival], arrivals)
        refused.append(arrival)
    ending = gathered.ending()
    if not refused and (gathered.references or (there and ending.remarks)):
        return arrivals
    reasons = " ".join(f"{one.path}: {one.reason}" for one in refused[:3])
    which = "The only file" if len(refused) == 1 else f"None of the {len(refused)} files"
    verb = "cannot" if len(refused) == 1 else "can"
    said = f"{which} in {gathered.name} {verb} be read. {reasons}"
    if not refused and ending.remarks:
        told = (f"The search for {gathered.name} brought no photo.", *ending.remarks[:6])
        raise NotFetched(" ".join(told))
    raise BadSource(said, refused=len(refused))


def _references(gathered: Gathered, ids: dict[str, str], dataset: Dataset) -> dict[str, bytes]:
    """Catalogue pictures that the dataset lacks, as JPEG by class id; an unreadable one is left
    out, with a word."""
    found: dict[str, bytes] = {}
    for class_id, read in gathered.references.items():
        name = ids.get(class_id, class_id)
        if dataset.reference(name) is not None:
            continue
        try:
            found[name] = thumbnail(own_check().stored(read()), REFERENCE_SIDE, 90)
        except BadPhoto as refusal:
            say(f"The reference picture of {name} was left out. {refusal.sentence}")
        except OSError as error:
            say(f"The reference picture of {name} was left out. {sentence_of(error)}")
    return found
