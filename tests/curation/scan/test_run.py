"""A scan of a small dataset with known trouble finds it, says why, respects people, and does
nothing twice."""

import errno
import io
from contextlib import suppress
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from curation.measures import measure as looking
from curation.measures.cache import Memory
from curation.measures.fingerprint_store import FingerprintStore
from curation.measures.measure import PassingBy
from curation.scan import run as scanning
from curation.scan.run import ScanReport, ScanSettings, scan
from data_cards.annotations.decision import decide, line_of
from data_cards.annotations.ledger import given_labels
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import create_dataset
from data_cards.dataset.schema import Finding, Photo, Source
from data_cards.dataset.tables import findings_file, images_file, labels_file, ledger_file
from data_cards.errors import BadPhoto, DiskFull
from data_cards.photos.image import image_id, open_photo
from tests.fixtures.drawings import PILES
from tests.fixtures.scenes import jpeg, scene
from train.models.backbone import Backbone
from train.splits.groups import groups_from_findings

CLASSES = ("agra", "amber", "bidar")
THINGS = Collection(
    name="fort", title="Forts", classes=tuple(ClassInfo(name, name.title()) for name in CLASSES)
)
SETTINGS = ScanSettings(fastdup=False)


class Pile:
    """Photos made up by a test: what each shows, what it is called, and where its toy embedding
    lies."""

    def __init__(self):
        self.rows = []
        self.places = {}
        self.ids = {}
        self.asked = []

    def add(self, name, data, shows, *given, split=None, beside=None):
        facts = Image.open(io.BytesIO(data)).size
        sources = tuple(
            Source(f"{name}-{n}.jpg", label, split[n] if isinstance(split, tuple) else split)
            for n, label in enumerate(given)
        )
        self.ids[name] = image_id(data)
        self.rows.append((Photo(self.ids[name], *facts, sources), data))
        rng = np.random.default_rng(len(self.rows))
        where = (
            self.places[self.ids[beside]]
            if beside
            else 4 * np.eye(4)[shows] + rng.normal(size=4) * 0.4
        )
        self.places[self.ids[name]] = where + rng.normal(size=4) * 0.01

    def embed(self, dataset, ids, backbone, cache, threads=0, watch=None):
        wanted = [one for one in ids if one in self.places]
        self.asked += wanted
        return wanted, np.array([self.places[one] for one in wanted])

    def name(self, image):
        return next((name for name, one in self.ids.items() if one == image), image)


@pytest.fixture
def pile():
    pile = Pile()
    for n in range(24):
        pile.add(f"p{n}", jpeg(scene(n)), n % 3, CLASSES[n % 3], split="train")
    pile.add("wrong", jpeg(scene(50)), 0, "amber", split="train")
    pile.add(
        "copy", jpeg(scene(1).crop((30, 20, 380, 290))), 1, CLASSES[1], split="test", beside="p1"
    )
    pile.add("twin", jpeg(scene(2), 55), 2, "agra", split="train", beside="p2")
    pile.add("twice", jpeg(scene(51)), 0, "agra", "bidar", split="train")
    pile.add("both", jpeg(scene(52)), 1, "amber", "amber", split=("train", "test"))
    pile.add("blank", jpeg(Image.new("RGB", (400, 300), "white")), 2, "bidar", split="train")
    pile.add("bare", jpeg(scene(53)), 1, None)
    return pile


@pytest.fixture
def dataset(pile, tmp_path):
    photos = {photo.image_id: photo for photo, _ in pile.rows}
    files = [
        images_file(pile.rows),
        labels_file(given_labels(photos).values()),
        findings_file("collect-1", [Finding("f" * 64, "unreadable", 1.0, "notes.jpg: no photo.")]),
    ]
    return create_dataset(str(tmp_path / "d"), THINGS).commit(dict(files), "Photos")


@pytest.fixture
def look(pile, tmp_path):
    backbone = Backbone(tmp_path, "toy", "r1", "folder")
    return lambda dataset, settings=SETTINGS: scan(
        dataset, backbone, tmp_path / "cache", settings, embed=pile.embed
    )


def found(dataset, pile, kind):
    return {pile.name(one.image_id): one for one in dataset.findings() if one.kind == kind}


def test_every_planted_trouble_is_found_and_little_else(dataset, pile, look):
    after = look(dataset).dataset
    assert set(found(after, pile, "label")) <= {"wrong", "twin", "p2"} and "wrong" in found(
        after, pile, "label"
    )
    assert set(found(after, pile, "exact_duplicate")) == {"twice"}
    assert set(found(after, pile, "leak")) == {"p1", "both"}
    assert set(found(after, pile, "near_duplicate")) == {"copy", "twin"}
    assert set(found(after, pile, "quality")) == {"blank"}
    assert set(found(after, pile, "unlabelled")) == {"bare"}
    assert list(found(after, pile, "unreadable")) == ["f" * 64], "what collecting found stays"


def test_a_finding_says_why(dataset, pile, look):
    after = look(dataset).dataset
    wrong = found(after, pile, "label")["wrong"]
    assert "of its five nearest photos are *Agra*" in wrong.reason
    assert (wrong.given_label, wrong.suggested_label, wrong.model_revision) == (
        "amber",
        "agra",
        "r1",
    )
    assert wrong.related and 0 <= wrong.score <= 1
    assert (
        found(after, pile, "exact_duplicate")["twice"].reason
        == "The same file came in as *Agra* and as *Bidar*."
    )


def test_what_most_photos_are_like_is_printed_and_kept_and_no_finding(tmp_path):
    pile = Pile()
    for n in range(12):
        pile.add(f"d{n}", jpeg(PILES["numerals"](n)), n % 3, CLASSES[n % 3])
    pile.add("empty", jpeg(Image.new("RGB", (400, 400), "white")), 0, "agra")
    photos = {photo.image_id: photo for photo, _ in pile.rows}
    files = dict([images_file(pile.rows), labels_file(given_labels(photos).values())])
    dataset = create_dataset(str(tmp_path / "drawn"), THINGS).commit(files, "Photos")
    report = scan(
        dataset,
        Backbone(tmp_path, "toy", "r1", "folder"),
        tmp_path / "cache",
        SETTINGS,
        embed=pile.embed,
    )
    assert list(found(report.dataset, pile, "quality")) == ["empty"]
    [said] = report.dataset.remarks()
    assert said.startswith("Most photos here are drawings") and report.sentence.endswith(said)


def test_copies_whose_labels_disagree_are_shown_first(dataset, pile, look):
    first = next(one for one in look(dataset).dataset.findings() if one.kind == "label")
    assert pile.name(first.image_id) in ("twin", "p2") and "one of the two is wrong" in first.reason


def test_findings_hold_together_what_must_not_be_divided(dataset, pile, look):
    after = look(dataset).dataset
    groups = groups_from_findings(after.photos(), after.findings())
    assert (
        groups[pile.ids["copy"]]
        == groups[pile.ids["p1"]]
        != groups[pile.ids["p2"]]
        == groups[pile.ids["twin"]]
    )


def test_the_second_scan_touches_only_what_is_new(dataset, pile, look):
    first = look(dataset)
    assert first.new_photos == len(pile.rows) and first.new_pairs > 0
    again = look(first.dataset)
    assert (again.new_photos, again.new_pairs) == (0, 0) and "none of them new" in again.sentence
    assert [replace(one, scan_id="") for one in again.dataset.findings()] == [
        replace(one, scan_id="") for one in first.dataset.findings()
    ]
    pile.add("late", jpeg(scene(3), 60), 0, "agra", split="train", beside="p3")
    late = again.dataset.commit(dict([images_file(pile.rows[-1:])]), "One more")
    third = look(late)
    assert third.new_photos == 1 and 0 < third.new_pairs <= 24
    assert {"late", "p3"} & set(found(third.dataset, pile, "near_duplicate"))


def test_photos_that_came_in_two_parts_are_found_out_like_those_that_came_at_once(pile, tmp_path):
    files = [
        {f"images/{n}.parquet": images_file(rows)[1]}
        for n, rows in enumerate((pile.rows[:15], pile.rows[15:]))
    ]
    found = {}
    for way, commits in {"at once": [files[0] | files[1]], "in parts": files}.items():
        made = create_dataset(str(tmp_path / way), THINGS)
        for commit in commits:
            made = scan(
                made.commit(commit, "Photos"),
                Backbone(tmp_path, "toy", "r1", "folder"),
                tmp_path / f"cache {way}",
                SETTINGS,
                embed=pile.embed,
            ).dataset
        found[way] = [replace(finding, scan_id="") for finding in made.findings()]
    assert found["in parts"] == found["at once"] and len(found["at once"]) > 5


def test_photos_are_measured_and_fingerprinted_on_their_way_to_the_network(dataset, pile, tmp_path):
    passed = []
    read = []

    def embed(dataset, ids, backbone, cache, threads=0, watch=None):
        ids = list(ids)
        for name, data in dataset.read_photos(ids):
            with suppress(BadPhoto):
                watch.see(name, data, open_photo(data, longer=watch.longer))
                passed.append(name)
        return pile.embed(dataset, ids, backbone, cache)

    class Counting(type(dataset)):
        def read_photos(self, ids):
            wanted = list(ids)
            read.extend(wanted)
            return super().read_photos(wanted)

        def newest(self):
            return self

    backbone = Backbone(tmp_path, "toy", "r1", "folder")
    report = scan(
        Counting(dataset.repo, dataset.revision),
        backbone,
        tmp_path / "cache",
        SETTINGS,
        embed=embed,
    )
    assert sorted(read) == sorted(passed) and report.new_photos == len(pile.rows)
    assert set(found(report.dataset, pile, "quality")) == {"blank"}


def test_on_its_way_to_another_network_a_photo_gets_no_second_fingerprint(tmp_path, monkeypatch):
    data = jpeg(scene(1))
    monkeypatch.setattr(looking, "fingerprint", Mock(wraps=looking.fingerprint))
    for memory in (Memory(tmp_path / "one"), Memory(tmp_path / "other")):
        with FingerprintStore(tmp_path) as store:
            passing = PassingBy(memory, {"a"}, store)
            passing.see("a", data, open_photo(data))
            passing.done()
        assert set(memory.measures("a")[0]) == {"a"}
    assert looking.fingerprint.call_count == 1


def test_old_findings_make_room_for_new_ones(dataset, look):
    after = look(look(dataset).dataset).dataset
    assert len([path for path in after.paths if path.startswith("findings/")]) == 2
    assert len([path for path in after.paths if path.startswith("opinions/")]) == 1


def test_what_a_person_settled_is_not_asked_again(dataset, pile, look):
    said = [
        decide("asha", pile.ids["wrong"], "keep"),
        decide("asha", pile.ids["blank"], "keep"),
        decide("asha", pile.ids["twice"], "relabel", label="agra"),
        decide("asha", pile.ids["twin"], "not_duplicate", other=pile.ids["p2"]),
    ]
    after = look(dataset.commit(dict([ledger_file(map(line_of, said))]), "Decide")).dataset
    for kind in ("label", "quality", "exact_duplicate"):
        assert not {"wrong", "blank", "twice"} & set(found(after, pile, kind))
    assert set(found(after, pile, "near_duplicate")) == {"copy"}


def test_opinions_are_kept_for_the_light_table(dataset, pile, look):
    from curation.issues.out_of_fold import ScanOpinions

    opinions = ScanOpinions(look(dataset).dataset)
    best = opinions.best(pile.ids["wrong"])
    assert best[0][0] == "agra" and len(best) == 3 and best[0][1] >= best[1][1]
    near = opinions.nearest(pile.ids["p0"], "agra", 2)
    assert len(near) == 2 and pile.ids["p0"] not in near
    assert opinions.best("nobody") == () and opinions.nearest("nobody", "agra", 3) == []


def test_a_photo_that_cannot_be_opened_is_found_and_stops_nothing(pile, tmp_path, look):
    broken = jpeg(scene(60))[:3000]
    pile.add("broken", broken, 0, "agra", split="train")
    pile.places.pop(pile.ids["broken"])
    made = create_dataset(str(tmp_path / "d"), THINGS).commit(
        dict([images_file(pile.rows)]), "Photos"
    )
    assert set(found(look(made).dataset, pile, "unreadable")) == {"broken"}


def test_where_no_photo_can_be_opened_that_is_all_there_is_to_say(tmp_path, tiny_vit):
    broken = jpeg(scene(60))[:3000]
    rows = [(Photo(image_id(broken), 400, 300, (Source("a.jpg", "agra"),)), broken)]
    made = create_dataset(str(tmp_path / "d"), THINGS).commit(dict([images_file(rows)]), "Photos")
    report = scan(made, Backbone(tiny_vit, "tiny", "r1", "folder"), tmp_path / "cache", SETTINGS)
    assert report.findings == {"unreadable": 1}


def test_a_disk_that_fills_while_findings_are_written_leaves_the_last_ones(
    dataset, look, monkeypatch
):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = look(dataset).dataset
    monkeypatch.setattr(scanning, "opinions_file", full)
    with pytest.raises(DiskFull, match="what the scan found could not be kept"):
        look(dataset)
    assert dataset.newest().revision == before.revision


@pytest.mark.usefixtures("hub")
def test_a_dataset_on_the_hub_gets_its_findings_in_one_commit(pile, look):
    made = create_dataset("hf://ann/forts", THINGS).commit(dict([images_file(pile.rows)]), "Photos")
    first = look(made).dataset
    again = look(first).dataset
    assert set(found(again, pile, "leak")) >= {"p1"} and {
        one.image_id for one in again.opinions()
    } >= set(pile.places)
    assert sum(path.startswith(("findings/", "opinions/")) for path in again.paths) == 2


def test_one_class_is_no_reason_to_fail(tmp_path, look, pile):
    pile.rows = pile.rows[:1]
    made = create_dataset(str(tmp_path / "d"), THINGS).commit(
        dict([images_file(pile.rows)]), "Photos"
    )
    assert look(made).findings == {}


def test_what_was_found_is_counted_in_words(tmp_path):
    found = {"near_duplicate": 1, "looks_alike": 3}
    dataset = create_dataset(str(tmp_path / "forts"), THINGS)
    assert ScanReport(dataset, "", found, 36, 1, 155, 29, 0).sentence == (
        "Looked at 36 photos, 1 of them new, and compared 155 new pairs. To look at: 3 photos that "
        "look alike, 1 near-copy."
    )
