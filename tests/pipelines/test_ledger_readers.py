"""Everybody who reads a ledger reads the same in it: scan, split, light table, receipts, figures
of a round."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ulid import ULID

from curation.issues.out_of_fold import Doubt, Opinions
from curation.light_table.session.book import Book
from curation.light_table.session.moves import Moves
from curation.light_table.session.placard import NoOpinions, Records
from curation.light_table.session.queue import Queue, questions
from curation.light_table.session.table import asked_by_visitor
from curation.measures.fingerprint import Match
from curation.measures.measure import Looks
from curation.measures.pixels import Measures
from curation.near_duplicates import in_dataset as copying
from curation.near_duplicates.in_dataset import Copies, find_copies
from curation.retrain.run import ask_again
from curation.scan.context import ScanContext
from curation.scan.findings import findings_of
from data_cards.annotations.actions import ANSWERS
from data_cards.annotations.class_edits import changed_collection
from data_cards.annotations.decision import moment_text
from data_cards.annotations.journal import Journal, known
from data_cards.annotations.ledger import (
    apart,
    fold,
    given_labels,
    present_labels,
    read_ledger,
    standing,
)
from data_cards.annotations.settled import settles_visitor
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.schema import Finding, Opinion, Photo, Source, Split
from space.feedback import Inbox
from train.evaluation.label_value import effort_of
from train.splits.seal import _crossed

THINGS = Collection(
    "forts", "Forts", (ClassInfo("agra", "Agra Fort"), ClassInfo("amber", "Amber Fort"))
)
PHOTOS = {name: Photo(name, 400, 300, (Source(f"{name}.jpg", "agra"),)) for name in "abcd"}
GIVEN = given_labels(PHOTOS)
PAIRS = [("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")]
DIM = Measures(400, 300, 2, 2, 0.5)  # so dark that the scan asks whether it is of any use


def name(n):
    return f"{n:026d}"


def line(n, action="relabel", image_id="a", at=None, **more):
    row = {
        "id": name(n),
        "at": f"2026-11-21T10:00:{n if at is None else at:02d}Z",
        "who": "asha",
        "action": action,
    }
    return (
        row
        | ({"image_id": image_id} if image_id else {})
        | {"label": "amber", "finding": "s/label"}
        | more
    )


def judged(n, action="not_duplicate", **more):
    return line(n, action, "a", other="b", finding="s/near_duplicate", **more)


def undo(n, target, **more):
    return {
        "id": name(n),
        "at": f"2026-11-21T10:00:{n:02d}Z",
        "who": "asha",
        "action": "undo",
        "undoes": name(target),
    } | more


def nested(depth):
    return json.loads("[" * depth + "]" * depth)


TRAPS = {
    "nothing": [],
    "an undo": [line(1), judged(2), undo(3, 1), undo(4, 2)],
    "an undo of an undo": [judged(1), undo(2, 1), undo(3, 2)],
    "an undo of an undo of an undo": [judged(1), undo(2, 1), undo(3, 2), undo(4, 3)],
    "an undo without a name": [judged(1), {k: v for k, v in undo(2, 1).items() if k != "who"}],
    "an undo that names no photo or another one": [
        judged(1),
        undo(2, 1, image_id="d"),
        line(3),
        undo(4, 3),
    ],
    "an undo with the clock of another zone": [
        judged(1, at=30),
        undo(2, 1) | {"at": "2026-11-21T15:29:59+05:30"},
        undo(3, 2) | {"at": "2026-11-21T09:00:30-01:00"},
    ],
    "moments in several zones": [
        judged(1) | {"at": "2026-11-21T15:30:05+05:30"},
        judged(2, "duplicate_of") | {"at": "2026-11-21T10:00:04Z"},
        line(3, label="agra") | {"at": "2026-11-21T10:00:09.5Z"},
        line(4) | {"at": "2026-11-21t05:00:09-05:00"},
    ],
    "an undo before its decision": [undo(1, 5), judged(5)],
    "an undo of what never came": [undo(1, 40), line(2), judged(3)],
    "an undo of itself": [undo(1, 1), judged(2)],
    "two undos that chase each other": [judged(1), undo(2, 3), undo(3, 2), undo(4, 1)],
    "a decision that says it undoes": [
        line(1),
        line(2, "keep", undoes=name(1)),
        judged(3, undoes=name(1)),
    ],
    "one id twice, alike": [judged(1), judged(1), line(2), line(2)],
    "one id twice, not alike": [
        judged(1),
        judged(1, "duplicate_of"),
        line(2),
        line(2, "junk"),
        undo(3, 2),
    ],
    "one id in two spellings": [
        line(1, id="01arz3ndektsv4rrffq69g5fav"),
        undo(2, 1, undoes="01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ],
    "an action of a newer version": [line(1, "crop"), judged(2), undo(3, 1), undo(4, 3)],
    "half a character": [line(1, who="\ud800"), judged(2), line(3, note="\udfff")],
    "a zero and a text without end": [line(1, who="a\x00b"), line(2, label="x" * 501), judged(3)],
    "no decision at all": [
        {},
        {"unreadable": "{"},
        {"action": 5},
        {"id": [], "action": "keep"},
        judged(1),
        line(2, deep=nested(50)),
        {"kind": "visitor", "id": 7},
    ],
    "a line that does not say when": [{k: v for k, v in line(1).items() if k != "at"}, judged(2)],
    "the last word about a pair": [
        judged(1),
        judged(2, "duplicate_of"),
        line(3, "not_duplicate", "b", other="c"),
        line(4, "duplicate_of", "c", other="b"),
        undo(5, 4),
    ],
    "every answer": [
        line(n, action, photo, other="d", finding=finding)
        for n, (action, photo, finding) in enumerate(
            [
                ("keep", "a", "s/quality"),
                ("keep", "b", "s/label"),
                ("none_of_these", "c", "s/quality"),
                ("accept_visitor", "d", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            ]
        )
    ],
    "asked by nobody": [
        line(1, "keep", finding=""),
        line(2, "relabel", "b", finding=""),
        line(3, "unsure", "c"),
    ],
    "classes": [
        line(1, "add_class", "", label="bidar", title="Bidar"),
        line(2, label="bidar"),
        line(3, "merge_class", "", label_before="bidar", label="agra"),
        undo(4, 3),
        line(5, "rename_class", "", label="agra", title="Red Fort"),
        undo(6, 5),
        undo(7, 6),
    ],
}


@st.composite
def ledgers(draw):
    rows = []
    for _ in range(draw(st.integers(0, 10))):
        action = draw(
            st.sampled_from(
                [
                    "keep",
                    "relabel",
                    "none_of_these",
                    "junk",
                    "duplicate_of",
                    "not_duplicate",
                    "unsure",
                    "accept_visitor",
                    "refuse_visitor",
                    "merge_class",
                    "add_class",
                    "rename_class",
                    "undo",
                    "undo",
                    "undo",
                    "crop",
                ]
            )
        )
        photo = draw(st.sampled_from("abcd"))
        finding = draw(
            st.sampled_from(
                ["s/label", "s/quality", "s/near_duplicate", "s/leak", "s/conflict", "", "new"]
            )
        )
        zone = draw(st.sampled_from(["Z", "+05:30", "-01:00"]))
        row = line(
            draw(st.integers(0, 12)),
            action,
            photo,
            finding=finding,
            label_before="agra",
            title="Fort",
            other=draw(st.sampled_from([one for one in "abcd" if one != photo])),
            label=draw(st.sampled_from(["agra", "amber"])),
            undoes=name(draw(st.integers(0, 12))),
        )
        row["at"] = f"2026-11-21T1{draw(st.integers(0, 1))}:00:0{draw(st.integers(0, 5))}{zone}"
        if draw(st.integers(0, 9)) == 0:
            del row[draw(st.sampled_from(["who", "id", "at", "image_id", "label"]))]
        rows.append(row)
    return rows


class PretendDataset:
    """What the readers of a ledger need of a dataset."""

    def __init__(self, rows, related=("", "")):
        self.rows = rows
        self.related = related
        self.changes = None

    def ledger(self):
        return self.rows

    def photos(self):
        return PHOTOS

    def labels(self):
        return GIVEN

    def findings(self):
        return [Finding(self.related[0], "near_duplicate", 0.9, "", related=(self.related[1],))]

    def splits(self):
        sides = {self.related[0]: "train", self.related[1]: "test"}
        return {photo: Split(photo, photo, side) for photo, side in sides.items()}


def scanned_apart(rows):
    """The pairs that the scan takes apart although every pixel agrees."""
    alike = {pair: Match(0.99, "edited") for pair in PAIRS}
    memory = SimpleNamespace(matches=lambda ids, least: dict(alike))
    sight = SimpleNamespace(ids=list(PHOTOS), memory=memory, store=None)
    judging = SimpleNamespace(
        new=0, match=lambda one, other: alike.get(tuple(sorted((one, other))), Match(0, ""))
    )
    with (
        patch.object(copying, "Comparers"),
        patch.object(copying, "Judging", lambda *_: judging),
        patch.object(copying, "_judge_candidates"),
    ):
        found = find_copies(sight, known(PretendDataset(rows)), {}, 0.9, False)
    return {frozenset(pair) for pair in PAIRS} - {frozenset(pair) for pair in found.pairs}


def split_apart(rows):
    """The pairs that the split lets stand on both sides of the line."""
    return {frozenset(pair) for pair in PAIRS if not _crossed(PretendDataset(rows, pair))}


def scanned_open(rows):
    """(kind, photo) of what the scan still asks about, where it doubts every label and finds
    every photo dark."""
    opinions = Opinions(
        tuple(Opinion(photo, ("amber",), (0.9,), ()) for photo in PHOTOS),
        {photo: Doubt(photo, 0.8, "amber", 0.02) for photo in PHOTOS},
        frozenset(PHOTOS),
    )
    context = ScanContext(
        THINGS,
        PHOTOS,
        present_labels(PHOTOS, known(PretendDataset(rows))),
        {},
        known(PretendDataset(rows)),
        Looks(dict.fromkeys(PHOTOS, DIM), frozenset(), 0),
        Copies({}, (), {}, 0),
        opinions,
        "r1",
    )
    return {
        (one.kind, one.image_id)
        for one in findings_of(context, "s")
        if one.kind in ("label", "quality")
    }


def table_of(book, visitors=()):
    """The queue of a light table on which every photo is doubted and dark."""
    findings = [
        Finding(photo, kind, 0.9, "?", scan_id="s")
        for photo in PHOTOS
        for kind in ("label", "quality")
    ]
    queue = Queue(questions([*findings, *visitors]))
    records = Records(
        THINGS,
        PHOTOS,
        {},
        book.labels,
        NoOpinions(None),
        lambda label: (),
        set(),
        lambda label: False,
    )
    Moves(book, queue, records, lambda: 0.0)
    return queue


def queue_open(rows):
    queue = table_of(Book(GIVEN, known(PretendDataset(rows)).decisions, lambda decisions: None))
    return {
        (kind, photo)
        for kind, pile in (("label", "labels"), ("quality", "quality"))
        for photo in PHOTOS
        if not queue.is_settled(f"{pile}/{photo}")
    }


def effort_open(rows):
    decisions = known(PretendDataset(rows)).decisions
    return {
        photo
        for photo in PHOTOS
        if effort_of(decisions, [Finding(photo, "label", 0.9, "?")]).doubts
    }


def asked_again(rows):
    dataset = PretendDataset(rows)
    asked = []
    dataset.update = lambda message, change: asked.extend(change(SimpleNamespace(paths=())).add)
    with patch(
        "curation.retrain.run.findings_file",
        lambda scan_id, found: (tuple(one.image_id for one in found), b""),
    ):
        ask_again(dataset, [{"image_id": photo} for photo in PHOTOS])
    return set(asked[0]) if asked else set()


def check_all_agree(rows):
    decisions = known(PretendDataset(rows)).decisions
    pairs = apart(decisions) & {frozenset(pair) for pair in PAIRS}
    assert scanned_apart(rows) == split_apart(rows) == pairs
    labels = fold(GIVEN, decisions)
    book = Book(GIVEN, decisions, lambda more: None)
    assert dict(present_labels(PHOTOS, read_ledger(rows)).items()) == labels == book.labels
    assert {one.id for one in book.standing()} == {one.id for one in standing(decisions)}
    assert apart(book.standing()) == apart(decisions)
    said = [one for one in standing(decisions) if one.action in ANSWERS]
    assert effort_of(decisions, ()) == effort_of(book.standing(), ())
    assert effort_of(decisions, ()).decisions == len(said)
    of_labels = {photo for kind, photo in queue_open(rows) if kind == "label"}
    assert {photo for kind, photo in scanned_open(rows) if kind == "label"} == of_labels
    assert effort_open(rows) == asked_again(rows) == of_labels
    set_aside = {photo for photo in PHOTOS if labels[photo].status in ("none_of_these", "junk")}
    dark = {photo for kind, photo in queue_open(rows) if kind == "quality"}
    assert {photo for kind, photo in scanned_open(rows) if kind == "quality"} == dark - set_aside


@pytest.mark.parametrize("trap", TRAPS)
def test_all_readers_agree_about_a_ledger_written_by_hand(trap):
    check_all_agree(TRAPS[trap])


@given(ledgers())
@settings(max_examples=60, deadline=None)
def test_all_readers_agree_about_any_ledger(rows):
    check_all_agree(rows)


def answers(rows):
    ledger = read_ledger(rows)
    return (
        ledger.decisions,
        ledger.questions,
        fold(GIVEN, ledger.decisions),
        apart(ledger.decisions),
        changed_collection(THINGS, ledger.decisions),
        sorted(ledger.problems),
        effort_of(ledger.decisions, ()),
    )


def check_any_order(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    assert answers(mixed) == answers(rows)
    # The light table hears of them one after another, in whatever order they are sent.
    book = Book(GIVEN, (), lambda more: None)
    whole = read_ledger(rows)
    for row in mixed:
        book.learn(read_ledger([row]).decisions)
    anew = Book(GIVEN, whole.decisions, lambda more: None)
    assert book.labels == fold(GIVEN, whole.decisions)
    assert {one.id for one in book.standing()} == {one.id for one in standing(whole.decisions)}
    assert [book.about(photo) for photo in PHOTOS] == [anew.about(photo) for photo in PHOTOS]
    assert (book.depth("asha"), book.undone()) == (anew.depth("asha"), anew.undone())
    assert set(book.of_classes()) == set(anew.of_classes())


@given(st.sampled_from(sorted(TRAPS)) | ledgers(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_arrival_changes_no_answer(rows, random):
    check_any_order(TRAPS[rows] if isinstance(rows, str) else rows, random)


@given(st.sampled_from(sorted(TRAPS)), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_what_waits_here_counts_as_what_was_sent(tmp_path_factory, trap, where):
    kept = [row for n, row in enumerate(TRAPS[trap]) if n % 4 == where]
    sent = [row for row in TRAPS[trap] if row not in kept]
    folder = tmp_path_factory.mktemp("journal")
    (folder / "01.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept))
    assert (
        known(PretendDataset(sent), Journal(folder)).decisions
        == known(PretendDataset([*kept, *sent])).decisions
    )


def visitor(second, label="amber"):
    at = ULID.from_datetime(datetime(2026, 11, 21, 10, 0, second, tzinfo=UTC))
    return {
        "kind": "visitor",
        "id": str(at),
        "at": moment_text(at.datetime),
        "image_id": "a",
        "label": label,
    }


@pytest.mark.parametrize("action", sorted(ANSWERS))
@pytest.mark.parametrize("finding", ["", "s/label", "this", "other"])
@pytest.mark.parametrize("second", [5, 20])
def test_a_receipt_and_the_pile_of_visitors_tell_the_same(tmp_path, action, finding, second):
    question = visitor(10)
    other = visitor(2)
    asked_by = {"this": question["id"], "other": other["id"]}.get(finding, finding)
    rows = [question, line(second, action, other="b", finding=asked_by)]
    ledger = read_ledger(rows)
    inbox = Inbox(Journal(tmp_path / "journal"), tmp_path / "inbox", THINGS)
    waits = inbox.fate(question["id"], ledger, PHOTOS)["fate"] == "waiting for a person"
    queue = table_of(
        Book(GIVEN, ledger.decisions, lambda more: None),
        [asked_by_visitor(ledger.questions[0], "")],
    )
    assert queue.is_settled("visitors/a") is not waits
    assert settles_visitor(ledger.decisions[0], question["id"], "a") is not waits
