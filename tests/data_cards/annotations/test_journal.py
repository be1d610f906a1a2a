"""Kept here, then sent: nothing lost, nothing doubled."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from data_cards.annotations.decision import ask, decide
from data_cards.annotations.journal import Journal, flush, known
from data_cards.errors import DiskFull, HubUnreachable
from data_cards.storage import atomic_files as disk


class PretendDataset:
    """What flush needs of a dataset: its ledger, and a commit that may fail."""

    def __init__(self, rows=(), fails=False):
        self.rows = list(rows)
        self.fails = fails
        self.commits = 0

    def ledger(self):
        return self.rows

    def commit(self, add, message):
        if self.fails:
            raise HubUnreachable("The Hub does not answer.")
        rows = [json.loads(line) for data in add.values() for line in data.decode().splitlines()]
        after = PretendDataset(self.rows + rows)
        after.commits = self.commits + 1
        return after


def ids(ledger):
    return [one.id for one in ledger.decisions]


def test_what_was_kept_is_there_after_a_restart(tmp_path):
    decision = decide("asha", "a", "junk")
    question = ask("b", "agra")
    Journal(tmp_path).append([decision, question])
    again = Journal(tmp_path)
    assert again.decisions() == [decision] and again.questions() == [question]


def test_a_killed_process_loses_nothing_it_said_was_kept(tmp_path):
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from data_cards.annotations.decision import decide
        from data_cards.annotations.journal import Journal
        journal = Journal(Path(sys.argv[1]))
        for number in range(10_000):
            journal.append([decide("asha", str(number), "junk")])
            print(number, flush=True)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        said = [int(process.stdout.readline()) for _ in range(20)]
        process.send_signal(signal.SIGKILL)
    kept = {one.image_id for one in Journal(tmp_path).decisions()}
    assert {str(number) for number in said} <= kept


def test_a_torn_last_line_is_reported_and_does_no_harm(tmp_path):
    journal = Journal(tmp_path)
    journal.append([decide("asha", "a", "junk")])
    with open(next(tmp_path.glob("*.jsonl")), "ab") as file:
        file.write(b'{"id": "01K\xff')
    again = Journal(tmp_path)
    again.append([decide("asha", "b", "junk")])
    assert again.torn == 1 and len(Journal(tmp_path).decisions()) == 2


def test_two_processes_never_write_the_same_file(tmp_path):
    for name in "ab":
        Journal(tmp_path).append([decide("asha", name, "junk")])
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_is_lost(tmp_path, monkeypatch):
    journal = Journal(tmp_path)
    first = decide("asha", "a", "junk")
    journal.append([first])

    def full(descriptor, data):
        real(descriptor, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    real = os.write
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskFull, match="your decision could not be kept"):
        journal.append([decide("asha", "b", "junk")])
    monkeypatch.undo()
    assert journal.decisions() == [first]
    second = decide("asha", "c", "junk")
    journal.append([second])
    assert Journal(tmp_path).decisions() == [first, second] and Journal(tmp_path).torn == 0


def test_a_batch_costs_one_fsync(tmp_path, monkeypatch):
    journal = Journal(tmp_path)
    journal.append([decide("asha", "a", "junk")])
    calls = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: calls.append(real(descriptor)))
    journal.append([decide("asha", name, "junk") for name in "bcd"])
    assert len(calls) == 1


def test_the_folder_is_synced_when_a_file_is_new(tmp_path, monkeypatch):
    synced = []
    place = "data_cards.annotations.journal.sync_folder"
    monkeypatch.setattr(place, lambda folder: synced.append(disk.sync_folder(folder)))
    Journal(tmp_path).append([decide("asha", "a", "junk")])
    assert len(synced) == 1


def test_a_flush_is_one_commit_and_sends_once(tmp_path):
    journal = Journal(tmp_path)
    journal.append([decide("asha", name, "junk") for name in "abc"])
    assert journal.unsent == 3
    done = flush(journal, PretendDataset())
    assert (done.sent, done.kept, done.dataset.commits) == (3, 0, 1)
    assert flush(journal, done.dataset).dataset.commits == 1


def test_a_hub_that_does_not_answer_leaves_everything_kept(tmp_path):
    journal = Journal(tmp_path)
    journal.append([decide("asha", "a", "junk")])
    with pytest.raises(HubUnreachable):
        flush(journal, PretendDataset(fails=True))
    assert journal.unsent == 1
    assert flush(journal, PretendDataset()).sent == 1


def test_after_a_restart_only_what_was_not_sent_goes(tmp_path):
    journal = Journal(tmp_path)
    journal.append([decide("asha", "a", "junk")])
    sent = flush(journal, PretendDataset()).dataset
    journal.append([decide("asha", "b", "junk")])
    done = flush(Journal(tmp_path), sent)
    assert done.sent == 1 and len(known(done.dataset).decisions) == 2


def test_an_empty_disk_reads_back_what_was_sent(tmp_path):
    journal = Journal(tmp_path / "before")
    journal.append([decide("asha", "a", "junk")])
    sent = flush(journal, PretendDataset()).dataset
    fresh = Journal(tmp_path / "after")
    assert (
        ids(known(sent, fresh)) == ids(known(sent, journal)) and len(ids(known(sent, fresh))) == 1
    )


def test_what_waits_is_counted_through_sending_restarting_and_repeating(tmp_path):
    journal = Journal(tmp_path)
    decision = decide("asha", "a", "junk")
    journal.append([decision])
    journal.append([decision, decide("asha", "b", "junk")])
    assert journal.unsent == len(journal.waiting()) == 2
    journal.mark_sent([decision.id])
    journal.append([decision])
    assert [row["image_id"] for row in journal.waiting()] == ["b"] and journal.unsent == 1
    again = Journal(tmp_path)
    assert again.unsent == 2
    again.learn_sent(PretendDataset([{"id": decision.id}]))
    assert again.unsent == 1


def test_a_line_with_half_a_character_keeps_no_other_from_being_sent(tmp_path):
    bad = {"id": "0" * 26, "image_id": "a", "action": "junk", "who": "\\ud800"}
    (tmp_path / "0.jsonl").write_text(json.dumps(bad).replace("\\\\", "\\") + "\n")
    journal = Journal(tmp_path)
    decision = decide("asha", "a", "junk")
    journal.append([decision])
    assert ids(known(flush(journal, PretendDataset()).dataset)) == [decision.id]
    assert journal.torn == 1
    [problem] = known(PretendDataset(), journal).problems
    assert (
        problem
        == "decisions kept here, 0.jsonl, line 1: A text holds half of a character (U+D800 to "
        "U+DFFF)."
    )


def test_a_file_of_the_journal_that_cannot_be_read_hides_no_other(tmp_path):
    Journal(tmp_path).append([decide("ann", "a", "junk")])
    (tmp_path / "0.jsonl").mkdir()
    journal = Journal(tmp_path)
    assert len(journal.rows()) == 1
    [row] = journal.unreadable
    assert "0.jsonl" in row.place and journal.torn == 1
