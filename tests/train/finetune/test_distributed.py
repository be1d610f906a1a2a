import pytest

from train.finetune.distributed import ALONE, Processes, here


def test_who_was_started_by_no_launcher_is_alone_and_waits_for_nobody(tmp_path):
    assert here() is ALONE and ALONE.main
    ALONE.wait()
    assert (
        ALONE.broadcast("a plan") == "a plan"
        and ALONE.everybodys(3) == [3]
        and ALONE.summed(2, 5) == (2, 5)
    )
    assert ALONE.share_disk(tmp_path) and ALONE.weight(7) == 1.0


@pytest.mark.parametrize(("photos", "count"), [(16, 2), (5, 2), (7, 3), (3, 3)])
def test_the_parts_of_a_batch_are_the_batch_and_nearly_equal(photos, count):
    batch = list(range(photos))
    parts = [Processes(rank, count).part(batch) for rank in range(count)]
    assert [photo for part in parts for photo in part] == batch
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_batch_that_does_not_go_round_is_everybodys():
    assert [Processes(rank, 3).part([4, 5]) for rank in range(3)] == [[4, 5]] * 3


def test_the_mean_over_processes_of_weighted_means_is_the_mean_of_all(monkeypatch):
    photos = [1.0, 2.0, 3.0, 4.0, 10.0]
    monkeypatch.setattr(Processes, "summed", lambda self, *numbers: (len(photos),))
    crew = [Processes(rank, 2) for rank in range(2)]
    means = [
        sum(part) / len(part) * one.weight(len(part)) for one in crew for part in [one.part(photos)]
    ]
    assert sum(means) / 2 == pytest.approx(sum(photos) / 5)
