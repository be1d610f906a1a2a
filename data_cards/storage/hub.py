"""A repository on the Hugging Face Hub: the same promises as a local folder, kept over a
network.

    open_repository("hf://ann/museum")       signs in with the token of `hf auth login` or HF_TOKEN

What the Hub promises, and what is added here:
- `create_commit` is refused with 412 when its parent is stale and with 409 while another commit
  runs; the client repeats neither. Here both are repeated with growing, random pauses, unless a
  parent was given and has been passed.
- A commit whose files all equal the remote ones is answered with HEAD, whoever made it, and no
  look at the parent.
  Two people writing the same bytes would both believe they were first. Here that is a Conflict.
- The client waits for ever by default. Here every request has a limit.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from data_cards.errors import Conflict, HubUnreachable, MissingFile
from data_cards.storage.atomic_files import full_disk_named
from data_cards.storage.forgetting import Forgetting, Notes
from data_cards.storage.hub_client import CONNECT_LIMIT, calmly, kindly, never_wait_for_ever
from data_cards.storage.last_change import Saved
from data_cards.storage.revision_names import check_tag

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

TRIES = 9
# seconds
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
BUSY = frozenset({429, 500, 502, 503, 504})
COMMIT_RUNNING = 409
STALE_PARENT = 412
FULL_REVISION = 40
MANY = 8  # missing files of one folder that are fetched together
HOUSEKEEPING = frozenset({".gitattributes"})  # written by the Hub itself


class HubRepository:
    """See data_cards.storage.repository.Repository for what each method promises.

    `endpoint` and `token` default to what huggingface_hub knows (HF_ENDPOINT, HF_TOKEN, `hf auth
    login`); `sleep` is an argument so that tests never wait.
    """

    sdk = "gradio"  # of a Space that is made

    def __init__(
        self,
        name: str,
        kind: Literal["dataset", "model", "space"] = "dataset",
        create: bool = False,
        private: bool = True,
        pinned: str | None = None,
        endpoint: str | None = None,
        token: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        from huggingface_hub import HfApi

        never_wait_for_ever()
        self.name = name
        self.kind = kind
        self.address = f"hf://{name}"
        self._api = HfApi(endpoint=endpoint, token=token)
        self._sleep = sleep
        self._trees: dict[str, dict[str, str]] = {}
        if create:
            self._create(private)
        self.pinned = self._resolve(pinned) if pinned else None

    def head(self) -> str | None:
        """The newest revision, after finishing what a crash left to be forgotten. Raises
        MissingFile when the Hub shows no such repository."""
        head = self._revision(None)
        self._finish_forgetting(head)
        return head

    def files(self, prefix: str = "", revision: str | None = None) -> list[str]:
        """Paths at a revision, sorted."""
        return sorted(
            path for path in self._tree(self._resolve(revision)) if path.startswith(prefix)
        )

    def read(self, path: str, revision: str | None = None) -> bytes:
        """The bytes of a file at a revision; asked for once, however many revisions hold them."""
        wanted = revision or self.pinned
        held = self._cached(path, wanted)
        if held is None:
            wanted = self._resolve(wanted)
            self._gather(path, wanted)
            held = self._blobs / self._tree(wanted).get(path, "missing")
        return held.read_bytes() if held.is_file() else self.fetch(path, wanted).read_bytes()

    def fetch(self, path: str, revision: str | None = None) -> Path:
        """A file at a revision, in the Hub cache of this machine; not to be changed."""
        wanted = revision or self.pinned
        cached = self._cached(path, wanted)
        if cached:
            return cached
        wanted = self._resolve(wanted)
        if path not in self._tree(wanted):
            raise MissingFile(
                f"{self.address} has no {path} at revision {wanted[:12]}.",
                path=path,
                revision=wanted,
            )
        with self._kindly(), full_disk_named(path):
            held = self._api.hf_hub_download(self.name, path, repo_type=self.kind, revision=wanted)
        return Path(
            held
        ).resolve()  # the file, not the cache's relative link to it, which a hard link would break

    def contents(self, revision: str | None = None) -> Mapping[str, str]:
        """path -> sha256 of a large file, git's name of a small one."""
        return self._tree(self._resolve(revision))

    def tag(self, name: str, revision: str) -> None:
        """Give a revision a name: a tag of git, which every tool that reads the Hub knows."""
        check_tag(name, self.tags())
        with self._kindly(revision):
            self._api.create_tag(self.name, tag=name, revision=revision, repo_type=self.kind)

    def tags(self) -> Mapping[str, str]:
        """Names that people gave, and the revisions that have them."""
        with self._kindly():
            found = self._api.list_repo_refs(self.name, repo_type=self.kind).tags
        return {one.name: one.target_commit for one in found}

    def last_change(self, path: str, revision: str) -> Saved:
        """The commit that gave a file its bytes, and its first author."""
        from huggingface_hub.hf_api import RepoFile

        with self._kindly(revision):
            (found,) = self._api.get_paths_info(
                self.name, [path], expand=True, repo_type=self.kind, revision=revision
            )
            last = found.last_commit if isinstance(found, RepoFile) else None
            commits = self._api.list_repo_commits(self.name, repo_type=self.kind, revision=revision)
        wanted = last.oid if last else revision
        made = next((one for one in commits if one.commit_id == wanted), commits[0])
        return Saved(made.created_at.isoformat(), next(iter(made.authors), ""))

    def commit(
        self,
        add: Mapping[str, bytes | Path],
        message: str,
        delete: Collection[str] = (),
        parent: str | None = None,
        forget: Collection[str] = (),
        about: Collection[str] = (),
    ) -> str:
        """All of it or nothing; the new revision (the old one when nothing changes)."""
        if not forget:
            return self._commit(add, message, delete, parent)
        before = self._revision(None)
        self._notes.plan(Forgetting(before, tuple(forget), tuple(about)))
        made = self._commit(add, message, delete, parent)
        self._finish_forgetting(made)
        return made

    def forgotten(self) -> frozenset[str]:
        """What was erased from this machine, by image_id."""
        return self._notes.forgotten()

    def _finish_forgetting(self, head: str) -> None:
        plan = self._notes.planned()
        if plan is None:
            return
        # Our commit happened if none of the files is as before, even if others have committed
        # since.
        before = self._tree(plan.revision)
        now = self._tree(head)
        if any(now.get(path) == before.get(path) for path in plan.paths):
            self._notes.drop()
            return
        for path in plan.paths:
            self.forget(path)
        self._notes.done(plan.about)

    def _commit(
        self,
        add: Mapping[str, bytes | Path],
        message: str,
        delete: Collection[str],
        parent: str | None,
    ) -> str:
        for attempt in range(TRIES):
            head = self._revision(
                None
            )  # also answers fast when there is no Hub, before anything is uploaded
            if parent is not None and head != parent:
                raise self._conflict(head, parent)
            gone = [path for path in delete if path in self._tree(head)] if delete else []
            try:
                return self._send(add, message, gone, parent)
            except _Again as again:
                if parent is None or again.status != STALE_PARENT:
                    self._sleep(pause(attempt, random.random()))
        raise HubUnreachable(
            f"The Hub was too busy to save to {self.address}, {TRIES} times in a row. Nothing was "
            "changed there; try again in a few minutes.",
            address=self.address,
        )

    def forget(self, path: str) -> None:
        """Remove the contents that `path` ever had, from history too, unless another file still
        has them.

        Every revision keeps its name, so what a model card says stays true; it only lacks the
        file. Cannot be undone.
        """
        wanted = set(self._tree(self._revision(None)).values())
        with self._kindly():
            held = [
                kept
                for kept in self._api.list_lfs_files(self.name, repo_type=self.kind)
                if kept.filename == path and kept.file_oid not in wanted
            ]
            self._api.permanently_delete_lfs_files(
                self.name, held, rewrite_history=False, repo_type=self.kind
            )
        for kept in held:
            (self._blobs / kept.file_oid).unlink(missing_ok=True)

    def keep_only(self, revisions: Collection[str]) -> None:
        """Remove large contents that neither the newest revision nor one of these has. The
        others keep their names."""
        wanted = {
            etag
            for one in (self._revision(None), *map(self._resolve, revisions))
            for etag in self._tree(one).values()
        }
        with self._kindly():
            held = [
                kept
                for kept in self._api.list_lfs_files(self.name, repo_type=self.kind)
                if kept.file_oid not in wanted
            ]
            if held:
                self._api.permanently_delete_lfs_files(
                    self.name, held, rewrite_history=False, repo_type=self.kind
                )

    # --- revisions

    def _revision(self, revision: str | None) -> str:
        with self._kindly(revision):
            info = self._api.repo_info(
                self.name, repo_type=self.kind, revision=revision, timeout=CONNECT_LIMIT
            )
            return str(info.sha)

    def _resolve(self, revision: str | None) -> str:
        wanted = revision or self.pinned
        known = wanted is not None and wanted in self._trees
        return wanted if wanted and known else self._revision(wanted)

    def _tree(self, revision: str) -> dict[str, str]:
        """path -> ETag of every file of a full revision; asked once, since a revision never
        changes."""
        from huggingface_hub.hf_api import RepoFile

        if revision not in self._trees:
            with self._kindly(revision):
                rows = self._api.list_repo_tree(
                    self.name, repo_type=self.kind, revision=revision, recursive=True
                )
                self._trees[revision] = {
                    row.path: row.lfs.sha256 if row.lfs else row.blob_id
                    for row in rows
                    if isinstance(row, RepoFile) and row.path not in HOUSEKEEPING
                }
        return self._trees[revision]

    def _cached(self, path: str, revision: str | None) -> Path | None:
        from huggingface_hub import try_to_load_from_cache

        if (
            revision is None or len(revision) != FULL_REVISION
        ):  # a branch moves; a commit never does
            return None
        held = try_to_load_from_cache(self.name, path, repo_type=self.kind, revision=revision)
        return Path(held).resolve() if isinstance(held, str) else None

    def _gather(self, path: str, revision: str) -> None:
        """Fetch what is missing of a file's folder together, where that is much: a ledger has
        hundreds of files."""
        tree = self._tree(revision)
        folder = path.rpartition("/")[0]
        if path not in tree or (self._blobs / tree[path]).is_file():
            return
        missing = [
            name
            for name, etag in tree.items()
            if name.rpartition("/")[0] == folder and not (self._blobs / etag).is_file()
        ]
        if folder and len(missing) >= MANY:
            with self._kindly(), full_disk_named(folder):
                self._api.snapshot_download(
                    self.name,
                    repo_type=self.kind,
                    revision=revision,
                    allow_patterns=[escape(name) for name in missing],
                )

    @property
    def _blobs(self) -> Path:
        """Where the Hub cache keeps this repository's contents, by ETag."""
        return self._kept_here / "blobs"

    @property
    def _notes(self) -> Notes:
        return Notes(self._kept_here)

    @property
    def _kept_here(self) -> Path:
        """The Hub cache's folder for this repository."""
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name

        return Path(constants.HF_HUB_CACHE) / repo_folder_name(
            repo_id=self.name, repo_type=self.kind
        )

    # --- writing

    def _create(self, private: bool) -> None:
        with self._kindly():
            self._api.create_repo(
                self.name,
                repo_type=self.kind,
                private=private,
                exist_ok=True,
                space_sdk=self.sdk if self.kind == "space" else None,
            )

    def _conflict(self, head: str, parent: str) -> Conflict:
        return Conflict(
            f"Somebody else saved to {self.address} in the meantime.", head=head, parent=parent
        )

    def _send(
        self,
        add: Mapping[str, bytes | Path],
        message: str,
        delete: Collection[str],
        parent: str | None,
    ) -> str:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete
        from huggingface_hub.errors import HfHubHTTPError

        operations: list[Any] = [CommitOperationAdd(path, data) for path, data in add.items()]
        operations += [CommitOperationDelete(path, is_folder=False) for path in delete]
        with self._kindly(), calmly(self.kind):
            try:
                made = self._api.create_commit(
                    self.name,
                    operations,
                    commit_message=message,
                    repo_type=self.kind,
                    parent_commit=parent,
                )
            except HfHubHTTPError as error:
                status = error.response.status_code
                if status in BUSY | {COMMIT_RUNNING, STALE_PARENT}:
                    raise _Again(status) from error
                raise
        if parent is not None and made.oid != parent and not _was_sent(operations):
            raise self._conflict(made.oid, parent)
        return str(made.oid)

    def _kindly(self, revision: str | None = None) -> AbstractContextManager[None]:
        return kindly(self.address, self.kind, revision)


class StaticSpaceRepository(HubRepository):
    """A Space that is files only; made as such where there is none."""

    sdk = "static"


class _Again(Exception):
    """The Hub asks to try the same commit again."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def pause(attempt: int, chance: float) -> float:
    """Seconds before the next try: doubles each time, and `chance` (0..1) keeps two writers from
    meeting again.

    >>> pause(0, 0.0), pause(0, 1.0), pause(3, 1.0), pause(20, 1.0)
    (0.25, 0.5, 4.0, 30.0)
    """
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**attempt) * (0.5 + chance / 2)


def _was_sent(operations: list[CommitOperationAdd | CommitOperationDelete]) -> bool:
    # The client's only sign that it sent a commit instead of finding that "nothing has changed": it
    # marks additions.
    from huggingface_hub import CommitOperationAdd

    return any(
        not isinstance(operation, CommitOperationAdd) or operation._is_committed
        for operation in operations
    )
