"""huggingface_hub as this house wants it: every request has a limit, and what goes wrong is a
sentence.

with kindly("hf://ann/museum", "dataset"):
    api.repo_info("ann/museum", repo_type="dataset")
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from data_cards.errors import HubUnreachable, MissingFile, NotAllowed, VitrineError

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

# seconds without a sign of life
CONNECT_LIMIT = 10.0
ANSWER_LIMIT = 120.0
SIGN_IN = "hf auth login"


@contextmanager
def kindly(address: str, kind: str, revision: str | None = None) -> Iterator[None]:
    """Turn what the client raises into our errors: MissingFile, NotAllowed, HubUnreachable."""
    from httpx2 import HTTPError
    from huggingface_hub import errors

    try:
        yield
    except (errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
        what = f"revision {revision}" if revision else "such file"
        raise MissingFile(
            f"{address} has no {what}.", revision=revision, cause=str(error)
        ) from error
    except errors.HfHubHTTPError as error:
        raise refused(error, address, kind) from error
    except (
        HTTPError,
        errors.LocalEntryNotFoundError,
        errors.OfflineModeIsEnabled,
        errors.FileMetadataError,
    ) as error:
        raise unreachable(error, address) from error
    except RuntimeError as error:  # the client wraps what stops an upload
        if not isinstance(error.__cause__, HTTPError):
            raise
        raise unreachable(error.__cause__, address) from error


def unreachable(cause: BaseException, address: str) -> HubUnreachable:
    """The Hub, or the way to it, is down."""
    return HubUnreachable(
        f"The Hub does not answer, so {address} is out of reach for now. What is on this machine "
        "is "
        "kept; try again in a minute.",
        address=address,
        cause=str(cause),
    )


def refused(error: HfHubHTTPError, address: str, kind: str) -> VitrineError:
    """The Hub answered, and said no."""
    status = error.response.status_code
    name = address.removeprefix("hf://")
    facts = {"address": address, "status": status, "cause": str(error)}
    if status == 402:
        return NotAllowed(
            f"The Hub asks for payment to create the {kind} {name}. Free accounts may have two "
            "Gradio Spaces on ZeroGPU (add --hardware zero-a10g), and as many static ones as they "
            "like (space deploy --static); other hardware needs a PRO account.",
            **facts,
        )
    if status == 403:
        return NotAllowed(
            f"The Hub does not let this token write to {address}. Sign in with one that may: "
            f"{SIGN_IN}",
            **facts,
        )
    if status in (401, 404):
        return MissingFile(
            f"The Hub has no {kind} called {name}, or it is private. Check the name; if it is "
            "private, sign in "
            "with a "
            f"token that may read it: {SIGN_IN}",
            **facts,
        )
    return unreachable(error, address)


def make_space(name: str, private: bool, hardware: str = "") -> None:
    """A Gradio Space of this name; one that is there stays as it is. Raises NotAllowed where the
    Hub wants payment for this `hardware`."""
    from huggingface_hub import HfApi

    never_wait_for_ever()
    with kindly(f"hf://{name}", "space"):
        HfApi().create_repo(
            name,
            repo_type="space",
            space_sdk="gradio",
            space_hardware=hardware or None,  # type: ignore[arg-type]
            private=private,
            exist_ok=True,
        )


@contextmanager
def calmly(kind: str) -> Iterator[None]:
    """Keep the client from doubting that a model should hold tables: its look-alikes' thumbnails
    are one."""
    if kind != "model":
        yield
        return
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="It seems that you are about to commit a data file"
        )
        yield


@cache
def never_wait_for_ever() -> None:
    """Give every request of this process's Hub client limits where the client itself sets none."""
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    limits = {
        "connect": CONNECT_LIMIT,
        "read": ANSWER_LIMIT,
        "write": ANSWER_LIMIT,
        "pool": ANSWER_LIMIT,
    }

    def limit(request: Any) -> None:
        asked = request.extensions.get("timeout") or {}
        request.extensions["timeout"] = {
            part: asked.get(part) or most for part, most in limits.items()
        }

    def client() -> Any:
        made = default_client_factory()
        made.event_hooks = {**made.event_hooks, "request": [*made.event_hooks["request"], limit]}
        return made

    set_client_factory(client)
