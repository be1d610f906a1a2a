"""What the test hub holds: repositories with a history of commits, and how their files are listed."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

FIRST_DAY = 1_790_000_000  # commits are dated a second apart from here on, so that nothing depends on the clock


@dataclass(frozen=True)
class Blob:
    """A file's content; LFS files are known by sha256, the others as git knows them."""

    data: bytes
    lfs: bool

    @property
    def oid(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()

    @property
    def etag(self) -> str:
        return hashlib.sha256(self.data).hexdigest() if self.lfs else self.oid


@dataclass(frozen=True)
class Commit:
    """One revision: everything that is in the repo after it."""

    oid: str
    title: str
    author: str
    date: str
    files: dict[str, Blob]


@dataclass
class Repo:
    """A repository, newest commit last."""

    kind: str
    name: str
    private: bool
    writers: set[str]
    commits: list[Commit] = field(default_factory=list)

    def at(self, revision: str) -> Commit | None:
        if revision in ("main", "HEAD", "refs/heads/main"):
            return self.commits[-1]
        return next((c for c in self.commits if len(revision) >= 7 and c.oid.startswith(revision)), None)

    def advance(self, files: dict[str, Blob], title: str, author: str) -> Commit:
        number = len(self.commits)
        date = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(FIRST_DAY + number))
        parts = [self.kind, self.name, str(number), title, *(f"{path} {files[path].etag}" for path in sorted(files))]
        oid = hashlib.sha1("\n".join(parts).encode()).hexdigest()
        self.commits.append(Commit(oid, title, author, date, files))
        return self.commits[-1]


class Refused(Exception):
    """A request that gets an error answer; `code` is the Hub's X-Error-Code."""

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message or code)
        self.status, self.code, self.message = status, code, message or code

    def response(self) -> Response:
        headers = {"X-Error-Code": self.code, "X-Error-Message": self.message} if self.code else {}
        return JSONResponse({"error": self.message}, self.status, headers)


def file_row(path: str, commit: Commit) -> dict[str, Any]:
    """A file as the tree and paths-info endpoints describe it."""
    blob = commit.files[path]
    lfs = {"lfs": {"oid": blob.etag, "size": len(blob.data), "pointerSize": 130}} if blob.lfs else {}
    return {"type": "file", "path": path, "size": len(blob.data), "oid": blob.oid, **lfs,
            "lastCommit": {"id": commit.oid, "title": commit.title, "date": commit.date}}


def folder_row(path: str) -> dict[str, Any]:
    """A folder as they describe it."""
    return {"type": "directory", "path": path, "size": 0, "oid": hashlib.sha1(path.encode()).hexdigest()}
