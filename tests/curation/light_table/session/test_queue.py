"""The queue: what comes next, for whom, and what a restart would rebuild."""

from curation.light_table.session.questions import questions
from curation.light_table.session.queue import Progress, Queue
from data_cards.dataset.schema import Finding


def finding(image_id, score=0.5, kind="label", related=()):
    return Finding(image_id, kind, score, "because", related=related, scan_id="s")


def queue(*findings, lease=10.0):
    return Queue(questions(findings), lease)


def keys(items):
    return [item.image_id for item in items]


FOUR = [finding("a", 0.1), finding("b", 0.9), finding("c", 0.5), finding("d", 0.7)]


def test_the_most_doubtful_photo_comes_first():
    assert keys(queue(*FOUR).take("ann", "labels", 3, 0)) == ["b", "d", "c"]


def test_one_photo_under_two_labels_is_certain_and_comes_before_every_suspicion():
    items = questions([finding("a", 0.99), finding("b", 0.2, "exact_duplicate")])
    assert [(item.image_id, item.pile) for item in items] == [("b", "labels"), ("a", "labels")]


def test_a_copy_of_another_photo_is_a_question_about_the_pair():
    assert questions([finding("a", kind="exact_duplicate", related=("b",))])[0].pile == "duplicates"


def test_findings_about_one_photo_are_one_question_with_the_heaviest_first():
    (item,) = questions([finding("a", 0.2), finding("a", 0.8, "exact_duplicate")])
    assert [one.score for one in item.findings] == [0.8, 0.2]


def test_what_nobody_can_decide_on_a_photo_is_no_question():
    assert questions([finding("a", kind="unreadable"), finding("b", kind="shortcut")]) == []


def test_two_people_are_not_shown_the_same_photo():
    shared = queue(*FOUR)
    assert keys(shared.take("ann", "labels", 2, 0)) == ["b", "d"]
    assert keys(shared.take("bob", "labels", 2, 0)) == ["c", "a"]


def test_a_lease_ends_and_the_photo_is_free_again():
    shared = queue(*FOUR, lease=10)
    shared.take("ann", "labels", 2, 0)
    assert keys(shared.take("bob", "labels", 1, 9.9)) == ["c"]
    assert keys(shared.take("bob", "labels", 1, 10)) == ["b"]


def test_somebody_who_comes_back_finds_the_same_photos():
    shared = queue(*FOUR)
    assert shared.take("ann", "labels", 3, 0) == shared.take("ann", "labels", 3, 5)


def test_an_answered_question_does_not_come_again_until_it_is_taken_back():
    shared = queue(*FOUR)
    shared.settle("labels/b")
    assert keys(shared.take("ann", "labels", 1, 0)) == ["d"]
    shared.reopen("labels/b", "ann", 0)
    assert keys(shared.take("ann", "labels", 1, 0)) == ["b"]


def test_what_was_taken_back_comes_first_even_before_what_is_more_doubtful():
    shared = queue(*FOUR)
    shared.settle("labels/a")
    shared.reopen("labels/a", "ann", 0)
    assert keys(shared.take("ann", "labels", 2, 0)) == ["a", "b"]


def test_a_skipped_photo_comes_last_and_is_free_for_others():
    shared = queue(*FOUR)
    shared.skip("ann", "labels/b")
    assert keys(shared.take("ann", "labels", 4, 0)) == ["d", "c", "a", "b"]
    assert keys(queue(*FOUR).take("bob", "labels", 1, 0)) == ["b"]


def test_what_one_person_hands_on_is_left_for_others():
    shared = queue(*FOUR)
    shared.hand_on("ann", "labels/b")
    assert "b" not in keys(shared.take("ann", "labels", 4, 0))
    shared.let_go("ann")
    assert keys(shared.take("bob", "labels", 1, 0)) == ["b"]
    assert shared.progress("ann", "labels") == Progress(done=0, total=4, left=3)
    assert shared.progress("bob", "labels") == Progress(done=0, total=4, left=4)


def test_progress_counts_each_answer_once():
    shared = queue(*FOUR)
    for _ in range(2):
        shared.settle("labels/b")
    assert shared.progress("ann", "labels").done == 1
    shared.reopen("labels/b", "ann", 0)
    assert shared.progress("ann", "labels").done == 0


def test_piles_do_not_mix():
    shared = queue(*FOUR, finding("a", kind="quality"))
    assert keys(shared.take("ann", "quality", 9, 0)) == ["a"]
    assert len(shared.of_photo("a")) == 2


def test_a_photo_that_lies_before_somebody_is_not_shown_under_another_question():
    shared = queue(
        finding("a"),
        finding("a", kind="quality"),
        finding("b", kind="near_duplicate", related=("a",)),
    )
    shared.take("ann", "labels", 1, 0)
    assert shared.take("bob", "quality", 1, 5) == [] == shared.take("bob", "duplicates", 1, 5)
    assert keys(shared.take("bob", "quality", 1, 10)) == ["a"]


def test_an_answer_of_one_of_two_counts_for_them_and_leaves_the_question_to_others():
    shared = queue(*FOUR)
    shared.take("ann", "labels", 1, 0)
    shared.answer("labels/b", "ann")
    assert "b" not in keys(shared.take("ann", "labels", 4, 0)) and list(shared.half_answered()) == [
        "labels/b"
    ]
    shared.let_go("ann")
    assert keys(shared.take("bob", "labels", 1, 0)) == ["b"]
    assert shared.progress("ann", "labels") == Progress(done=1, total=4, left=3)
    assert shared.progress("bob", "labels") == Progress(done=0, total=4, left=4)


def test_once_everybody_answered_it_is_done_for_all_and_an_undo_opens_it_for_one():
    shared = queue(*FOUR)
    shared.answer("labels/b", "ann")
    shared.answer("labels/b", "bob")
    shared.settle("labels/b")
    assert shared.progress("ann", "labels").done == 1 == shared.progress("cy", "labels").done
    shared.reopen("labels/b", "bob", 0)
    assert [shared.progress(who, "labels").done for who in ("ann", "bob", "cy")] == [1, 0, 0]
    assert keys(shared.take("bob", "labels", 1, 0)) == ["b"]


def test_a_question_can_come_later_and_lose_its_reason():
    shared, (late,) = queue(*FOUR), questions([finding("e", kind="conflict")])
    shared.put(late)
    assert keys(shared.take("ann", "conflicts", 1, 0)) == ["e"]
    shared.settle(late.key)
    assert shared.progress("ann", "conflicts") == Progress(done=1, total=1, left=0)
    shared.drop(late.key)
    assert shared.progress("ann", "conflicts") == Progress(done=0, total=0, left=0)
    assert shared.of_photo("e") == []


def test_after_a_new_scan_people_go_on_where_they_were():
    before = queue(*FOUR)
    before.take("ann", "labels", 2, 0)
    before.skip("bob", "labels/a")
    after = queue(*FOUR, finding("new", 0.99))
    after.take_over(before)
    assert keys(after.take("ann", "labels", 3, 5)) == ["b", "d", "new"]
    after.let_go("ann")
    assert keys(after.take("bob", "labels", 9, 5)) == ["new", "b", "d", "c", "a"]


def test_questions_that_are_decided_together_are_reserved_all_or_none():
    shared = queue(*FOUR)
    assert shared.reserve("ann", ["labels/a", "labels/b"], 0)
    assert not shared.reserve("bob", ["labels/b", "labels/c"], 0)
    assert keys(shared.take("bob", "labels", 4, 0)) == ["d", "c"]
    shared.settle("labels/b")
    assert shared.reserve("ann", ["labels/a", "labels/b"], 5) and not shared.reserve(
        "ann", ["labels/b"], 5
    )


def test_photos_without_a_label_lie_on_a_pile_of_their_own():
    piles = {
        item.image_id: item.pile
        for item in questions([finding("a", 0.9, "unlabelled"), finding("b", 0.1)])
    }
    assert piles == {"a": "unlabelled", "b": "labels"}
