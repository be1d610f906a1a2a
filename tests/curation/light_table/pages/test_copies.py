"""Copies side by side: which groups, for whom, in what order."""

import io

import pytest
from PIL import Image, ImageDraw, ImageFilter

from curation.light_table.pages.copies import Groups, groups_of, sharpness
from curation.light_table.session.queue import questions
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import Changes, create_dataset
from data_cards.dataset.schema import Finding, Label, Photo, Source, Split
from data_cards.dataset.tables import findings_file, images_file, labels_file, splits_file
from data_cards.photos.image import image_id
from tests.fixtures.light_table import COLLECTION


def shot(number, side=64, soft=0.0):
    image = Image.new("RGB", (400, 300), (20 * number % 255, 90, 120))
    pen = ImageDraw.Draw(image)
    for line in range(0, 400, 24):
        pen.line([(line, 0), (400 - line, 300)], fill="#e8c770", width=3)
    if soft:
        image = image.filter(ImageFilter.GaussianBlur(soft))
    image = image.resize((side * 4, side * 3))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def dataset_of(folder, groups, labels=(), sealed=()):
    """`groups`: lists of photos' bytes; `labels`: by (group, place), harbour where none is
    given."""
    rows = []
    findings = []
    given = []
    splits = []
    wearing = dict(labels)
    for number, group in enumerate(groups):
        names = [image_id(data) for data in group]
        for place, data in enumerate(group):
            with Image.open(io.BytesIO(data)) as image:
                source = Source(given_label=wearing.get((number, place), "harbour"))
                photo = Photo(names[place], *image.size, (source,))
            rows.append((photo, data))
            given.append(Label(names[place], photo.sources[0].given_label, "labelled"))
            splits.append(
                Split(names[place], names[0], "test" if (number, place) in sealed else "train")
            )
            if place:
                others = tuple(name for name in names if name != names[place])
                findings.append(
                    Finding(
                        names[place], "near_duplicate", 0.9 - number / 10, "Same.", related=others
                    )
                )
    files = dict(
        [
            images_file(rows),
            labels_file(given),
            splits_file(splits),
            findings_file("01SCAN", findings),
        ]
    )
    dataset = create_dataset(str(folder), COLLECTION, {})
    dataset = dataset.update("Begin", lambda _: Changes(add=files))
    return dataset, [[image_id(data) for data in group] for group in groups]


@pytest.fixture
def three(tmp_path):
    """A pair, a pair whose labels disagree, and three copies of which one is in the test."""
    groups = [
        [shot(1), shot(1, 128)],
        [shot(2), shot(2, 128)],
        [shot(3, 128), shot(3), shot(3, 96)],
    ]
    dataset, names = dataset_of(tmp_path / "set", groups, {(1, 0): "red-grid"}.items(), {(2, 1)})
    return LightTable(dataset, Journal(tmp_path / "journal")), names


def moves(*rows):
    return [{"id": f"01{number:024d}", **row} for number, row in enumerate(rows)]


def shown(table, who="ann"):
    return [
        [one["image_id"] for one in group["members"]]
        for group in Groups(table).show(who, {})["groups"]
    ]


def test_labels_that_disagree_are_asked_about_first(three):
    table, names = three
    page = Groups(table).show("ann", {})
    assert [sorted(one["image_id"] for one in group["members"]) for group in page["groups"]] == [
        sorted(names[1]),
        sorted(names[0]),
        sorted(names[2]),
    ]
    assert {label["id"] for label in page["groups"][0]["labels"]} == {"harbour", "red-grid"}
    assert page["groups"][1]["labels"] == [] and page["left"] == 3


def test_the_best_comes_first_with_its_reason_and_the_test_photo_before_all(three):
    table, names = three
    pair, triple = Groups(table).show("ann", {})["groups"][1:]
    assert pair["members"][0]["image_id"] == names[0][1] and "arger" in pair["reason"]
    assert triple["members"][0]["image_id"] == names[2][1] and triple["members"][0]["sealed"]
    assert triple["reason"].startswith("In the sealed test, so it stays")


def test_a_doubt_about_a_label_is_known_so_that_it_is_answered_here_too(tmp_path):
    dataset, ((small, large),) = dataset_of(
        tmp_path / "set", [[shot(1), shot(1, 128)]], {(0, 0): "red-grid"}.items()
    )
    doubt = findings_file(
        "02SCAN", [Finding(large, "label", 1.0, "Also labelled *Red Grid*.", related=(small,))]
    )
    table = LightTable(
        dataset.update("Doubt", lambda _: Changes(add=dict([doubt]))), Journal(tmp_path / "journal")
    )
    (group,) = Groups(table).show("ann", {})["groups"]
    assert {one["image_id"]: one["doubt"] for one in group["members"]} == {
        small: None,
        large: f"labels/{large}",
    }


def test_two_people_never_get_the_same_group(three):
    table, _ = three
    groups = Groups(table)
    assert len(groups.show("ann", {})["groups"]) == 3
    assert groups.show("bob", {})["groups"] == []
    assert len(groups.show("ann", {})["groups"]) == 3


def test_a_group_that_is_decided_is_gone_and_comes_back_with_an_undo(three):
    table, names = three
    small, large = names[0]
    table.act(
        "ann",
        [
            moves(
                {
                    "do": "duplicate_of",
                    "image_id": small,
                    "other": large,
                    "key": f"duplicates/{large}",
                }
            )
        ],
    )
    assert len(shown(table)) == 2
    table.act("ann", [[{"id": "01" + "Z" * 24, "do": "undo"}]])
    assert len(shown(table)) == 3


def test_who_is_judged_already_leaves_the_group(three):
    table, names = three
    first, second, third = names[2]
    table.act(
        "ann",
        [
            moves(
                {
                    "do": "not_duplicate",
                    "image_id": third,
                    "other": first,
                    "key": f"duplicates/{third}",
                }
            )
        ],
    )
    assert sorted(shown(table)[-1]) == sorted([first, second])


def test_a_photo_in_two_questions_of_one_group_is_one_group():
    findings = [
        Finding(name, "near_duplicate", 0.9, "Same.", related=tuple(set("abc") - {name}))
        for name in "bc"
    ]
    findings += [
        Finding("c", "exact_duplicate", 1.0, "Same file.", related=("d",)),
        Finding("e", "label", 1.0, "No."),
    ]
    found = groups_of(questions(findings))
    assert [(set(group.photos), group.keys) for group in found] == [
        ({"c", "d"}, ("duplicates/c",)),
        ({"a", "b", "c"}, ("duplicates/b", "duplicates/c")),
    ]


def test_a_soft_photo_is_less_sharp_and_a_broken_one_not_at_all():
    assert sharpness(shot(1, 128)) > 2 * sharpness(shot(1, 128, soft=4)) > 0
    assert sharpness(b"no photo") == 0.0


def test_groups_that_only_look_alike_are_marked_so_that_nobody_accepts_them_in_one_go():
    findings = [
        Finding("b", "looks_alike", 0.4, "Looks alike.", related=("a",)),
        Finding("d", "near_duplicate", 0.9, "Same.", related=("c",)),
    ]
    assert [group.sure for group in groups_of(questions(findings))] == [True, False]
