"""What the Hub refuses or fails to do becomes a sentence that a person can act on, and no
request waits for ever."""

from __future__ import annotations

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError

from data_cards.errors import HubUnreachable, MissingFile, NotAllowed
from data_cards.storage.hub import HubRepository
from data_cards.storage.hub_client import kindly, refused

NOWHERE = "http://127.0.0.1:9"  # nobody listens on the discard port


@pytest.fixture
def repo(hub):
    return HubRepository("ann/things", create=True)


def test_a_hub_that_does_not_answer_gets_one_kind_sentence():
    with pytest.raises(HubUnreachable, match=r"The Hub does not answer.*try again in a minute"):
        HubRepository("ann/things", endpoint=NOWHERE).head()
    with pytest.raises(HubUnreachable, match="The Hub does not answer"):
        HubRepository("ann/things", endpoint=NOWHERE).commit({"a": b"1"}, "one")
    with pytest.raises(HubUnreachable, match="The Hub does not answer"):
        HubRepository("ann/things", endpoint=NOWHERE, create=True)


def test_a_hub_that_is_down_loses_nothing(hub, repo):
    revision = repo.commit({"a.txt": b"1"}, "one")
    repo.read("a.txt", revision)
    hub.down = True
    with pytest.raises(HubUnreachable):
        repo.commit({"a.txt": b"2"}, "two")
    assert repo.read("a.txt", revision) == b"1"  # what is cached can still be read
    hub.down = False
    assert repo.head() == revision


def test_a_private_repository_is_shown_to_nobody_else(hub, repo):
    for token in ("token-ben", "token-of-nobody"):
        with pytest.raises(MissingFile, match="has no dataset called ann/things"):
            HubRepository("ann/things", token=token).head()


def test_a_reader_may_not_write(hub):
    HubRepository("ann/ours", create=True, private=False)
    with pytest.raises(NotAllowed, match="does not let this token write"):
        HubRepository("ann/ours", token="token-ben").commit({"a": b"1"}, "one")
    with pytest.raises(NotAllowed):
        HubRepository("ann/other", token="token-ben", create=True)


def test_every_request_has_a_limit(hub, repo, monkeypatch):
    """The client's own default is to wait for ever."""
    from huggingface_hub.utils import get_session

    seen = []
    send = get_session().send

    def watch(request, **options):
        seen.append(request)
        return send(request, **options)

    monkeypatch.setattr(get_session(), "send", watch)
    repo.commit({"a.txt": b"1", "b.parquet": b"2"}, "one")
    repo.read("b.parquet")
    assert len(seen) > 5
    assert all(None not in request.extensions["timeout"].values() for request in seen)


@pytest.mark.parametrize(
    ("status", "kind", "sentence"),
    [
        (402, NotAllowed, "needs a PRO account"),
        (403, NotAllowed, "does not let this token write"),
        (401, MissingFile, "has no space"),
        (404, MissingFile, "has no space"),
        (502, HubUnreachable, "does not answer"),
    ],
)
def test_every_refusal_says_what_to_do(status, kind, sentence):
    answer = httpx2.Response(status, request=httpx2.Request("POST", "http://hub/api/repos/create"))
    error = refused(HfHubHTTPError("no", response=answer), "hf://ann/show", "space")
    assert isinstance(error, kind)
    assert sentence in error.sentence
    assert error.evidence["address"] == "hf://ann/show"


def test_an_upload_that_breaks_off_is_the_hub_s_and_a_fault_of_ours_is_ours():
    def break_off(cause):
        try:
            raise cause
        except type(cause) as error:
            raise RuntimeError("Error while uploading") from error

    with pytest.raises(HubUnreachable), kindly("hf://ann/things", "dataset"):
        break_off(httpx2.WriteError("gone"))
    with pytest.raises(RuntimeError, match="uploading"), kindly("hf://ann/things", "dataset"):
        break_off(KeyError("ours"))
