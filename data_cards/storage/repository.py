"""One way to read and commit files, whether they live in a local folder or on the Hugging Face Hub.

open_repository("museum")                      a folder
open_repository("hf://ann/museum@3f2a…")       a Hub repo, read at a revision
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from data_cards.errors import BadAddress

Kind = Literal["dataset", "model", "space"]
HUB = "hf://"
REVISION = re.compile(r"[\w./-]{1,100}\Z")


class Repository(Protocol):
    """Files with a history of revisions. Every read may name a revision; without one it reads
    the newest."""

    address: str
    pinned: str | None  # the revision that the address named, if it named one

    def head(self) -> str | None:
        """The newest revision; None while nothing was committed."""

    def files(self, prefix: str = "", revision: str | None = None) -> list[str]:
        """Paths that start with `prefix`, sorted. Raises MissingFile for an unknown revision."""

    def read(self, path: str, revision: str | None = None) -> bytes:
        """The bytes of a file. Raises MissingFile."""

    def fetch(self, path: str, revision: str | None = None) -> Path:
        """A local file that holds it, not to be changed. Raises MissingFile."""

    def commit(
        self,
        add: Mapping[str, bytes | Path],
        message: str,
        delete: Collection[str] = (),
        parent: str | None = None,
        forget: Collection[str] = (),
        about: Collection[str] = (),
    ) -> str:
        """All of it or nothing; the new revision.

        With `parent`, raises Conflict when somebody committed after it; without, it goes on top
        of what is there. `forget`: paths whose earlier contents leave history as well; a crash in
        between is finished by whoever opens the repository next. `about`: what is erased with
        them, by image_id.
        """

    def forgotten(self) -> frozenset[str]:
        """What was erased from this machine, by image_id."""

    def forget(self, path: str) -> None:
        """Remove the contents that `path` ever had, from history too, unless another file still
        has them."""

    def keep_only(self, revisions: Collection[str]) -> None:
        """Remove large contents that neither the newest revision nor one of these has. The
        others keep their names."""


@dataclass(frozen=True)
class Address:
    """Where a repository is: a folder's path or a Hub repo id, and the revision asked for."""

    kind: Literal["folder", "hub"]
    name: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"{HUB if self.kind == 'hub' else ''}{self.name}" + (
            f"@{self.revision}" if self.revision else ""
        )


def parse_address(text: str) -> Address:
    """`folder`, `hf://user/name`, either followed by `@revision`. Raises BadAddress.

    A folder whose own name holds an "@" is taken as it is when it exists.
    """
    if text.startswith(HUB):
        name, _, revision = text.removeprefix(HUB).partition("@")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            raise BadAddress(f"'{text}' is not a Hub address; write hf://user/name.", address=text)
        return Address("hub", name, _revision(revision, text))
    if text != text.encode("utf-8", "replace").decode():
        raise BadAddress(
            f"The name of the folder {text!a} is not UTF-8. Rename the folder.", address=text
        )
    if "://" in text or not text.strip():
        raise BadAddress(f"'{text}' is neither a folder nor hf://user/name.", address=text)
    name, at, revision = text.rpartition("@")
    if not at or Path(text).exists() or "/" in revision:
        return Address("folder", text)
    return Address("folder", name, _revision(revision, text))


def open_repository(
    address: str, kind: Kind = "dataset", create: bool = False, private: bool = True
) -> Repository:
    """The repository at an address; with `create` it is made where there is none (on the Hub:
    private unless asked)."""
    place = parse_address(address)
    if place.kind == "hub":
        from data_cards.storage.hub import HubRepository

        return HubRepository(
            place.name, kind=kind, create=create, private=private, pinned=place.revision
        )
    from data_cards.storage.local_folder import FolderRepository

    return FolderRepository(Path(place.name), create=create, pinned=place.revision)


def _revision(text: str, address: str) -> str | None:
    if text and not REVISION.match(text):
        raise BadAddress(f"'{text}' in '{address}' is not a revision.", address=address)
    return text or None
