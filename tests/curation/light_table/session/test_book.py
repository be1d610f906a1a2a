"""The book: the same labels as folding everything anew, after every single decision."""

from hypothesis import given, settings
from hypothesis import strategies as st
from ulid import ULID

from curation.light_table.session.book import Book
from data_cards.annotations.decision import Decision
from data_cards.annotations.ledger import fold, standing
from data_cards.dataset.schema import Label

PHOTOS = ["p", "q", "r"]
GIVEN = {name: Label(name, "old", "labelled") for name in PHOTOS}


def decision(action, image_id="p", at=0, who="ann", **more):
    return Decision(str(ULID()), f"2026-01-01T00:00:00.{at:06d}Z", who, image_id, action, **more)


def book(*past, keep=lambda decisions: None, clock=lambda: "2026-01-01T00:00:00.500000Z"):
    return Book(GIVEN, past, keep, clock)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "relabel",
                "junk",
                "duplicate_of",
                "not_duplicate",
                "keep",
                "undo",
                "merge_class",
                "add_class",
            ]
        ),
        st.sampled_from(PHOTOS),
        st.sampled_from(PHOTOS),
        st.sampled_from(["new", "other"]),
        st.integers(0, 20),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_writing_one_by_one_gives_the_labels_of_folding_everything(steps):
    kept, live = [], book(keep=lambda decisions: kept.extend(decisions))
    for place, (action, photo, other, label, target) in enumerate(steps):
        if action == "undo":
            if not kept:
                continue
            undone = kept[target % len(kept)]
            live.write([decision("undo", undone.image_id, place, undoes=undone.id)])
        elif action == "merge_class":
            live.write([decision("merge_class", "", place, label_before="old", label=label)])
        elif action == "add_class":
            live.write([decision("add_class", "", place, label=label)])
        elif action not in ("duplicate_of", "not_duplicate") or photo != other:
            live.write([decision(action, photo, place, label=label, other=other)])
    assert live.labels == fold(GIVEN, kept)
    assert {one.id for one in live.standing()} == {one.id for one in standing(kept)}
    assert book(*kept).labels == live.labels
    assert live.depth("ann") == len({one.at for one in standing(kept)})
    assert book(*kept).depth("ann") == live.depth("ann")


def test_a_decision_is_on_the_disk_before_it_counts():
    def full(decisions):
        raise OSError

    live = book(keep=full)
    try:
        live.write([decision("relabel", label="new")])
    except OSError:
        assert live.labels["p"].label == "old"
        assert live.standing() == []


def test_a_decision_sent_twice_is_kept_once():
    kept, live = [], book(keep=lambda decisions: kept.extend(decisions))
    one = decision("relabel", label="new")
    assert [len(live.write([one])) for _ in range(2)] == [1, 0]
    assert kept == [one]


def test_the_last_step_of_a_person_is_theirs_and_may_be_a_batch():
    batch = [decision("keep", photo, at=2) for photo in ("q", "r")]
    live = book(decision("junk", at=1), *batch, decision("junk", at=3, who="bob"))
    assert [one.image_id for one in live.last_step("ann")] == ["q", "r"]
    assert (live.depth("ann"), live.depth("bob"), live.depth("eve")) == (2, 1, 0)


def test_a_moment_is_always_later_than_everything_in_the_book():
    assert book().moment() == "2026-01-01T00:00:00.500000Z"
    assert book(decision("junk", at=700_000)).moment() == "2026-01-01T00:00:00.700001Z"


def test_a_keep_without_a_label_says_the_label_that_it_kept_whatever_arrives_later():
    keep = decision("keep", at=5)
    kept = book(keep)
    assert (
        [one.label for one in kept.standing()] == ["old"] == [one.label for one in kept.about("p")]
    )
    kept.learn(
        [decision("relabel", at=3, label="new", who="bob")]
    )  # made earlier, on another machine
    assert kept.about("p")[1].label == "new"
    kept.learn([decision("junk", at=4)])
    assert kept.about("p")[2].label is None and kept.find(keep.id) == keep
