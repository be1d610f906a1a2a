"""A photo lies before one person at a time."""

from curation.light_table.session.leases import Leases


def test_a_photo_is_taken_whatever_the_question():
    leases = Leases(10)
    leases.give("labels/a", ("a",), "ann", 0)
    assert not leases.is_free(("b", "a"), "bob", 9.9)
    assert leases.is_free(("b", "a"), "ann", 9.9)
    assert leases.is_free(("b", "a"), "bob", 10)


def test_giving_one_question_back_leaves_the_photo_to_whoever_has_it_under_another():
    leases = Leases(10)
    leases.give("duplicates/a", ("a", "r"), "ann", 0)
    leases.give("duplicates/b", ("b", "r"), "ann", 0)
    leases.end("duplicates/a")
    assert leases.is_free(("a",), "bob", 1)
    assert not leases.is_free(("r",), "bob", 1)


def test_a_late_word_of_somebody_does_not_end_the_lease_of_the_next():
    leases = Leases(10)
    leases.give("labels/a", ("a",), "ann", 0)
    leases.give("labels/a", ("a",), "bob", 10)
    leases.end("labels/a", "ann")
    assert not leases.is_free(("a",), "ann", 11)


def test_a_lease_that_ran_out_is_over_once_another_begins():
    leases = Leases(10)
    leases.give("labels/a", ("a",), "ann", 0)
    leases.give("duplicates/b", ("b", "a"), "bob", 10)
    assert list(leases) == [("duplicates/b", ("bob", 20))]


def test_who_leaves_holds_nothing():
    leases = Leases(10)
    leases.give("labels/a", ("a",), "ann", 0)
    leases.give("labels/b", ("b",), "bob", 0)
    leases.let_go("ann")
    assert leases.is_free(("a",), "bob", 1)
    assert not leases.is_free(("b",), "ann", 1)


def test_whoever_takes_a_photo_over_has_it():
    leases = Leases(10)
    leases.give("labels/a", ("a",), "ann", 0)
    leases.give("labels/a", ("a",), "bob", 10)
    assert not leases.is_free(("a",), "ann", 19)
    leases.let_go("bob")
    assert leases.is_free(("a",), "ann", 19)
