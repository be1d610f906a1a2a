"""Kept here, then sent: in batches, again after a failure, and said in a sentence."""

import pytest

from curation.light_table.session.sending import Sending
from data_cards.errors import HubUnreachable


class Post:
    """A repository that answers or not, and a clock that is set by hand."""

    def __init__(self):
        self.unsent = 0
        self.answers = True
        self.now = 1000.0
        self.sending = Sending(lambda: self.unsent, self.send, every=60, clock=lambda: self.now)

    def send(self):
        if not self.answers:
            raise HubUnreachable("The Hub does not answer.")
        self.unsent = 0


@pytest.fixture
def post():
    return Post()


def test_everything_that_waits_goes_at_once_and_the_time_is_told(post):
    post.unsent = 3
    post.sending.now()
    post.now += 125
    assert post.sending.report() == {"unsent": 0, "sent_ago": 125.0, "problem": None}


def test_nothing_is_sent_when_nothing_waits(post):
    post.answers = False
    assert post.sending.now() == {"unsent": 0, "sent_ago": None, "problem": None}


def test_a_failure_says_that_nothing_is_lost_and_when_the_next_try_is(post):
    post.unsent = 1
    post.answers = False
    said = [
        post.sending.now() and post.sending._pause() and post.sending.report()["problem"]
        for _ in range(4)
    ]
    assert (
        said[0]
        == "The Hub does not answer. Your decision is kept on this machine; next try in a minute."
    )
    assert said[2].endswith("next try in 4 minutes.")


def test_pauses_grow_but_end_at_a_quarter_of_an_hour(post):
    post.unsent = 1
    post.answers = False
    for _ in range(12):
        post.sending.now()
    assert post.sending._pause() == 15 * 60


def test_stopping_sends_what_waits(post):
    post.unsent = 2
    post.sending.start()
    post.sending.stop()
    assert post.unsent == 0


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (PermissionError(13, "Permission denied", "data/.vitrine"), "data/.vitrine cannot be used"),
        (OSError(30, "Read-only file system", "data"), "Read-only file system"),
        (OSError(28, "No space left on device"), "The disk is full."),
        (ValueError("odd"), "unexpectedly (ValueError: odd)"),
        (RuntimeError("odd"), "unexpectedly"),
    ],
)
def test_whatever_stops_sending_is_told_and_tried_again(trouble, said):
    calls = []

    def send():
        calls.append(1)
        if len(calls) == 1:
            raise trouble

    sending = Sending(lambda: 1, send, every=0.0)
    assert said in sending.now()["problem"]
    sending.start()
    while len(calls) < 3:
        sending._thread.join(0.01)
    sending._stop.set()
    sending._thread.join()
    assert sending.report()["problem"] is None and sending.trouble == ""


def test_news_that_cannot_be_looked_for_do_not_end_the_thread():
    looks = []

    def look():
        looks.append(1)
        raise OSError(5, "Input/output error")

    sending = Sending(lambda: 0, lambda: None, every=0.0, then=look)
    sending.start()
    while len(looks) < 3:
        sending._thread.join(0.01)
    sending._stop.set()
    sending._thread.join()
    assert len(looks) >= 3
