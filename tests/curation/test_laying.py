"""What is read off a dataset before it lies on the table."""

from curation.light_table.laying import EXAMPLES, asked_by_visitor, before_a_scan, content_of, examples_of
from data_cards.annotations.decision import Question
from data_cards.dataset import Changes
from data_cards.rows import Finding, Label
from tests.light_table import small_dataset


def test_a_visitors_words_and_why_a_photo_must_not_be_learned_from_are_told():
    question = Question("01Q", "2026-01-01T00:00:00Z", "p", "moon", note="It is the moon.")
    assert asked_by_visitor(question, "").reason == "A visitor says: It is the moon."
    assert asked_by_visitor(question, "It is in the test.").reason.endswith("moon. It is in the test.")


def test_a_class_is_shown_by_a_few_photos_that_nobody_doubts():
    labels = {f"p{n}": Label(f"p{n}", "moon", "labelled" if n else "junk") for n in range(9)}
    shown = examples_of(labels, {"p1"})
    assert list(shown("moon")) == [f"p{n}" for n in range(2, 2 + EXAMPLES)] and shown("sun") == ()


def test_decisions_are_no_news_and_findings_are(tmp_path):
    dataset = small_dataset(tmp_path / "set", 4)
    decided = dataset.commit({"ledger/a.jsonl": b"{}\n"}, "decided")
    assert content_of(decided) == content_of(dataset)
    scanned = decided.update("Scan", lambda _: Changes({"findings/x.parquet": b"x"}))
    assert content_of(scanned) != content_of(dataset)


def test_photos_without_a_label_are_asked_about_before_any_scan():
    given = {name: Label(name, label, status) for name, label, status in (
        ("a", None, "unlabelled"), ("b", "cup", "labelled"), ("c", None, "junk"), ("d", None, "unlabelled"),
        ("sent", None, "unlabelled"))}
    asked = [Finding("sent", "visitor", 0.5, "A visitor asks.")]
    found = before_a_scan(given, asked)
    assert [one.image_id for one in found] == ["a", "d"] and {one.kind for one in found} == {"unlabelled"}


def test_a_scan_that_put_them_into_an_order_has_the_word():
    given = {"a": Label("a", None, "unlabelled"), "b": Label("b", None, "unlabelled")}
    assert before_a_scan(given, [Finding("b", "unlabelled", 0.9, "Typical.")]) == []
