"""From "that's wrong" to a question, and its fate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import ImageFile

from data_cards.annotations.journal import Journal, flush
from data_cards.annotations.ledger import Ledger, decide, read_ledger
from data_cards.errors import MissingFile, NotAllowed, UnknownClass
from data_cards.photos.image import image_id
from data_cards.photos.metadata import stored_form
from space.feedback import FATES, Inbox, is_their_own
from space.recent_answers import Recent
from tests.fixtures.colours import gallery, photo_of
from tests.fixtures.scenes import jpeg, scene
from tests.fixtures.visitors import small_gallery

NEW = photo_of("ochre", 300, 200)


class InboxSetup:
    """An inbox and what it rests on."""

    def __init__(self, folder: Path, subject: str = "things") -> None:
        self.journal = Journal(folder / "journal")
        self.recent = Recent()
        self.folder = folder / "inbox"
        self.inbox = Inbox(self.journal, self.folder, gallery(subject))

    def ask(
        self,
        label: str = "red-grid",
        consent: bool = True,
        prediction: str = "p1",
        photo: bytes = NEW,
    ) -> str:
        """Somebody was shown an answer, and says what it should have been."""
        if prediction not in self.recent._answers:
            self.recent.keep(prediction, photo, "ochre", "r1")
        return self.inbox.ask(self.recent.find(prediction), label, consent, self.recent)

    def fate(self, receipt: str, photos: dict[str, object] | None = None) -> str:
        """What became of it."""
        return self.inbox.fate(receipt, read_ledger(self.journal.rows()), photos or {})["fate"]


@pytest.fixture
def setup(tmp_path: Path) -> InboxSetup:
    """The usual one."""
    return InboxSetup(tmp_path)


def test_with_consent_the_photo_waits_for_a_person(setup: InboxSetup) -> None:
    receipt = setup.ask()
    [question] = setup.journal.questions()
    assert image_id((setup.folder / f"{question.image_id}.photo").read_bytes()) == question.image_id
    assert setup.fate(receipt) == "waiting for a person"


def test_without_consent_no_byte_of_the_photo_is_kept(setup: InboxSetup) -> None:
    receipt = setup.ask(consent=False)
    assert not setup.folder.exists()
    assert setup.fate(receipt) == "counted"
    assert image_id(NEW) not in str(setup.journal.rows())


def test_people_are_never_kept_whatever_they_agree_to(tmp_path: Path) -> None:
    setup = InboxSetup(tmp_path, "people")
    assert setup.fate(setup.ask(consent=True)) == "counted"
    assert not setup.folder.exists()


@pytest.mark.parametrize(
    ("label", "kept", "note"),
    [
        ("none", None, "none of these"),
        ("unknown", None, "do not know"),
        ("red-grid", "red-grid", "Red Grid"),
    ],
)
def test_what_the_visitor_said_is_written_down(
    setup: InboxSetup, label: str, kept: str | None, note: str
) -> None:
    setup.ask(label)
    [question] = setup.journal.questions()
    assert question.label == kept
    assert note in question.note


def test_an_unknown_class_is_refused_and_nothing_is_kept(setup: InboxSetup) -> None:
    with pytest.raises(UnknownClass, match="none"):
        setup.ask("<img src=x>")
    assert setup.journal.rows() == []


def test_a_class_that_was_merged_while_the_page_was_open_is_the_one_it_went_into(
    setup: InboxSetup,
) -> None:
    """The page still offers "old-grid", which is "red-grid" today."""
    setup.inbox.class_now = lambda label: "red-grid" if label == "old-grid" else label
    setup.ask("old-grid", consent=False)
    [question] = setup.journal.questions()
    assert question.label == "red-grid"


def test_a_class_that_is_gone_and_went_into_none_is_refused(setup: InboxSetup) -> None:
    setup.inbox.class_now = lambda label: label
    with pytest.raises(UnknownClass, match="“gone” is not one of"):
        setup.ask("gone", consent=True)
    assert not setup.journal.questions() and setup.inbox.waiting() == 0


def test_a_class_that_has_its_name_again_is_itself(setup: InboxSetup) -> None:
    """A new class took the name of one that was merged; the page means the one it shows."""
    setup.inbox.class_now = lambda label: "ochre"
    setup.ask("red-grid", consent=False)
    [question] = setup.journal.questions()
    assert question.label == "red-grid"


def test_pressing_twice_is_one_question(setup: InboxSetup) -> None:
    assert setup.ask() == setup.ask()
    assert setup.ask("ochre") != setup.ask()
    assert len(setup.journal.questions()) == 2


@pytest.mark.parametrize(
    ("action", "fate"), [("accept_visitor", "accepted"), ("refuse_visitor", "refused")]
)
def test_a_receipt_tells_what_a_person_decided(setup: InboxSetup, action: str, fate: str) -> None:
    receipt = setup.ask()
    [question] = setup.journal.questions()
    decision = decide("ann", question.image_id, action, label="red-grid", finding=receipt)
    setup.journal.append([decision])
    assert setup.fate(receipt.lower()) == fate
    setup.journal.append([decide("ann", question.image_id, "undo", undoes=decision.id)])
    assert setup.fate(receipt) == "waiting for a person"


@pytest.mark.parametrize(
    ("said", "action", "label", "fate"),
    [
        ("red-grid", "accept_visitor", "ochre", "refused"),
        ("none", "accept_visitor", "none", "accepted"),
        ("none", "accept_visitor", "ochre", "refused"),
        ("unknown", "accept_visitor", "ochre", "accepted"),
        ("red-grid", "junk", None, "refused"),
        ("red-grid", "unsure", None, "waiting for a person"),
    ],
)
def test_the_fate_is_whether_the_person_agrees_with_the_visitor(
    setup: InboxSetup, said: str, action: str, label: str | None, fate: str
) -> None:
    receipt = setup.ask(said)
    [question] = setup.journal.questions()
    setup.journal.append([decide("ann", question.image_id, action, label=label, finding=receipt)])
    assert setup.fate(receipt) == fate


def test_who_keeps_the_label_that_the_visitor_said_agrees_with_them(setup: InboxSetup) -> None:
    receipt = setup.ask()
    [question] = setup.journal.questions()
    keep = decide(
        "ann", question.image_id, "refuse_visitor", label_before="red-grid", finding=receipt
    )
    setup.journal.append([keep])
    assert setup.fate(receipt) == "accepted"


@pytest.mark.parametrize(
    ("action", "label", "fate"),
    [
        ("relabel", "red-grid", "accepted"),
        ("relabel", "ochre", "refused"),
        ("keep", "red-grid", "accepted"),
        ("none_of_these", None, "refused"),
        ("junk", None, "refused"),
    ],
)
def test_a_decision_that_nobody_asked_for_answers_a_visitor_who_asked_before(
    setup: InboxSetup, action: str, label: str | None, fate: str
) -> None:
    receipt = setup.ask()
    [question] = setup.journal.questions()
    setup.journal.append(
        [decide("ann", question.image_id, action, label=label, at="2020-01-01T00:00:00Z")]
    )
    assert setup.fate(receipt) == "waiting for a person", "it was made before the visitor asked"
    setup.journal.append([decide("ann", question.image_id, action, label=label)])
    assert setup.fate(receipt) == fate


def test_a_receipt_that_was_never_given_is_not_invented(setup: InboxSetup) -> None:
    with pytest.raises(MissingFile, match="know this receipt"):
        setup.fate("01ARZ3NDEKTSV4RRFFQ69G5FAV")


def test_every_fate_has_its_sentence(setup: InboxSetup) -> None:
    assert set(FATES) == {"waiting for a person", "accepted", "refused", "counted"}


def test_delivered_photos_wait_in_the_inbox_and_in_no_table(
    setup: InboxSetup, tmp_path: Path
) -> None:
    dataset = small_gallery(tmp_path / "dataset")
    setup.ask()
    after = setup.inbox.deliver(dataset)
    [question] = setup.journal.questions()
    photo = after.inbox()[question.image_id]
    assert (photo.sources[0].origin, photo.width, photo.height) == ("visitor", 300, 200)
    assert after.read_photo(question.image_id)
    assert after.shards == dataset.shards and after.photos() == dataset.photos()
    assert after.labels() == dataset.labels()
    assert setup.inbox.waiting() == 0
    assert after.newest().revision == setup.inbox.deliver(after).revision


def test_a_photo_that_is_there_already_is_not_doubled(setup: InboxSetup, tmp_path: Path) -> None:
    dataset = small_gallery(tmp_path / "dataset")
    setup.ask(photo=photo_of("ochre"))
    after = setup.inbox.deliver(dataset)
    assert len(after.photos()) == len(dataset.photos())


def test_questions_reach_the_dataset_with_the_decisions(setup: InboxSetup, tmp_path: Path) -> None:
    dataset = small_gallery(tmp_path / "dataset")
    receipt = setup.ask()
    sent = flush(setup.journal, setup.inbox.deliver(dataset)).dataset
    assert [question.id for question in read_ledger(sent.ledger()).questions] == [receipt]


def test_where_a_photo_was_taken_is_not_kept(setup: InboxSetup) -> None:
    import io

    from PIL import Image

    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.0)
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=exif)
    setup.ask(photo=out.getvalue())
    [kept] = setup.folder.glob("*.photo")
    with Image.open(kept) as image:
        assert not image.getexif().get_ifd(0x8825)


def test_a_photo_is_stripped_and_decoded_once_on_its_way_to_the_inbox(
    setup: InboxSetup,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded = []
    stripped = []
    load = ImageFile.ImageFile.load

    def counted(image: ImageFile.ImageFile) -> object:
        if image.tile:  # pixels are still to be read
            decoded.append(image.size)
        return load(image)

    setup.recent.keep("p1", NEW, "ochre", "r1")
    monkeypatch.setattr(ImageFile.ImageFile, "load", counted)
    monkeypatch.setattr(
        "curation.near_duplicates.incoming.stored_form",
        lambda data: stripped.append(data) or stored_form(data),
    )
    setup.ask(prediction="p1")
    assert (len(decoded), len(stripped)) == (1, 1)
    assert setup.inbox.waiting() == 1


def test_a_photo_that_looks_like_one_of_the_answer_is_compared_with_it(tmp_path: Path) -> None:
    here = jpeg(scene(3))
    sent = jpeg(scene(3), 70)
    journal = Journal(tmp_path / "journal")
    recent = Recent()
    inbox = Inbox(journal, tmp_path / "inbox", gallery("things"), {"p3": here}.__getitem__)
    recent.keep("p", sent, "ochre", "r1", ("p3",))
    inbox.ask(recent.find("p"), "red-grid", True, recent)
    assert journal.questions()[0].image_id == "p3" and inbox.waiting() == 0


def test_of_a_photo_that_cannot_be_decoded_the_choice_is_kept(setup: InboxSetup) -> None:
    receipt = setup.ask(photo=NEW[: len(NEW) // 2])
    assert setup.fate(receipt) == "counted" and setup.inbox.waiting() == 0


def test_a_class_of_a_long_name_is_no_reason_to_lose_a_question(setup: InboxSetup) -> None:
    classes = [replace(info, title="A" * 900) for info in setup.inbox.collection.classes]
    setup.inbox.collection = replace(setup.inbox.collection, classes=tuple(classes))
    assert setup.fate(setup.ask()) == "waiting for a person"


def _waits(setup: InboxSetup, name: str, data: bytes) -> None:
    setup.folder.mkdir(parents=True, exist_ok=True)
    (setup.folder / f"{name}.photo").write_bytes(data)


@pytest.mark.parametrize("bad", [b"", b"no photo", photo_of("ochre")[:60], photo_of("red-grid")])
def test_a_bad_photo_is_set_aside_with_its_reason_and_the_others_come_in(
    setup: InboxSetup, tmp_path: Path, bad: bytes
) -> None:
    dataset = small_gallery(tmp_path / "dataset")
    _waits(setup, "0" * 64, bad)
    setup.ask()
    after = setup.inbox.deliver(dataset)
    [question] = setup.journal.questions()
    assert question.image_id in after.inbox()
    assert setup.inbox.waiting() == 0
    [finding] = [one for one in after.findings() if one.image_id == "0" * 64]
    assert finding.kind == "unreadable" and finding.reason.startswith("A visitor's photo: ")
    assert (setup.folder / "set-aside" / f"{'0' * 64}.photo").read_bytes() == bad


def test_a_photo_that_cannot_be_read_from_the_disk_stops_no_other(
    setup: InboxSetup, tmp_path: Path
) -> None:
    dataset = small_gallery(tmp_path / "dataset")
    setup.folder.mkdir(parents=True)
    (setup.folder / f"{'1' * 64}.photo").mkdir()
    setup.ask()
    after = setup.inbox.deliver(dataset)
    assert len(after.inbox()) == 1 and after.photos() == dataset.photos()
    assert [one.kind for one in after.findings()] == ["unreadable"]
    assert Inbox(setup.journal, setup.folder, gallery()).waiting() == 0


def test_several_bad_photos_keep_their_reasons_over_several_deliveries(
    setup: InboxSetup, tmp_path: Path
) -> None:
    dataset = small_gallery(tmp_path / "dataset")
    for name in ("1" * 64, "2" * 64):
        _waits(setup, name, b"no photo")
        dataset = setup.inbox.deliver(dataset)
    assert sorted(one.image_id for one in dataset.findings()) == ["1" * 64, "2" * 64]


def test_a_whole_receipt_takes_photo_and_question_back(setup: InboxSetup) -> None:
    setup.recent.keep("p1", NEW, "ochre", "r1")
    whole = setup.inbox.ask_sealed(setup.recent.find("p1"), "red-grid", True, setup.recent)
    assert setup.inbox.ask_sealed(setup.recent.find("p1"), "red-grid", True, setup.recent) == whole
    name, _, secret = whole.partition("-")
    assert secret not in str(setup.journal.rows())
    assert setup.fate(whole.lower()) == setup.fate(name) == "waiting for a person"
    for _ in range(2):
        setup.inbox.take_back(f" {whole.lower()} ", ledger_of(setup), setup.recent)
    assert setup.inbox.waiting() == 0 and not list(setup.folder.glob("**/*.photo"))
    assert setup.recent.find("p1").photo is None
    assert setup.fate(whole) == "taken back" and ledger_of(setup).questions == ()


@pytest.mark.parametrize("end", ["", "-", "-0000000000", "-ABCDEFGHJK"])
def test_without_its_end_a_receipt_takes_nothing_back(setup: InboxSetup, end: str) -> None:
    receipt = setup.ask()
    with pytest.raises(NotAllowed, match="whole receipt"):
        setup.inbox.take_back(f"{receipt}{end}", ledger_of(setup), setup.recent)
    assert setup.inbox.waiting() == 1


def test_a_photo_that_was_here_before_is_not_taken_back_by_who_asked_about_it(
    tmp_path: Path,
) -> None:
    here = jpeg(scene(3))
    journal = Journal(tmp_path / "journal")
    recent = Recent()
    inbox = Inbox(journal, tmp_path / "inbox", gallery("things"), {"p3": here}.__getitem__)
    recent.keep("p", jpeg(scene(3), 70), "ochre", "r1", ("p3",))
    whole = inbox.ask_sealed(recent.find("p"), "red-grid", True, recent)
    question = inbox.take_back(whole, read_ledger(journal.rows()), recent)
    assert question.image_id == "p3" and not is_their_own(question)


def ledger_of(setup: InboxSetup) -> Ledger:
    """Everything that is known."""
    return read_ledger(setup.journal.rows())


def test_a_photo_that_waits_is_nobody_elses_to_read(setup: InboxSetup) -> None:
    setup.ask()
    [path] = setup.folder.glob("*.photo")
    assert path.stat().st_mode & 0o077 == 0 and setup.folder.stat().st_mode & 0o077 == 0
