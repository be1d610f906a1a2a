"""One way to read and commit files, whether they live in a local folder or on the Hugging Face Hub.

open_repository("museum")                      a folder
open_repository("hf://ann/museum@3f2a…")       a Hub repo, read at a revision
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from data_cards.errors import BadAddress
from data_cards.storage.last_change import Saved

Kind = Literal["dataset", "model", "space"]
HUB = "hf://"
READ_AT_ONCE = 1_000_000  # bytes
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

    def contents(self, revision: str | None = None) -> Mapping[str, str]:
        """path -> the name of its bytes: their sha256, or git's own name of a small Hub file
        (`content_names` gives both)."""

    def tag(self, name: str, revision: str) -> None:
        """Give a revision a name that people remember. Raises BadAddress for a name that is taken
        or that cannot be one."""

    def tags(self) -> Mapping[str, str]:
        """Names that people gave, and the revisions that have them."""

    def last_change(self, path: str, revision: str) -> Saved:
        """The commit that gave a file the bytes it has at a revision."""

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


def content_names(data: bytes | Path) -> tuple[str, str]:
    """What a repository may call these bytes: sha256 (folders, large files of the Hub), or the
    sha1 of a git blob."""
    size = len(data) if isinstance(data, bytes) else data.stat().st_size
    large = hashlib.sha256()
    small = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with io.BytesIO(data) if isinstance(data, bytes) else data.open("rb") as file:
        while part := file.read(READ_AT_ONCE):
            large.update(part)
            small.update(part)
    return large.hexdigest(), small.hexdigest()


def _revision(text: str, address: str) -> str | None:
    if text and not REVISION.match(text):
        raise BadAddress(f"'{text}' in '{address}' is not a revision.", address=address)
    return text or None
