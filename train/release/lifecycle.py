"""What is released when: a candidate beside the model that is served, its release, and the way
back.

    vitrine train DATASET MODEL --candidate  trains beside MODEL; what is served stays
    vitrine release MODEL                    the candidate becomes MODEL's newest revision
    vitrine rollback MODEL [--round N]       an earlier round becomes the newest one again
    vitrine prune MODEL --keep 3             removes the weights of older rounds; figures stay

A candidate lies in the hidden folder of the model's own, where nothing that serves or publishes
looks.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from data_cards.errors import MissingFile
from data_cards.progress import say
from data_cards.storage.atomic_files import full_disk_named, place
from data_cards.storage.repository import open_repository, parse_address
from train.evaluation.rounds import FILE, Round, Story, read_story, settle
from train.inference.model_folder import (
    OURS,
    copy_of,
    home_of,
    is_provisional,
    model_folder,
    read_json,
    write_json,
)
from train.release.contents import keep
from train.release.publish import publish

BESIDE = ".vitrine/candidate"
LARGE = 1_000_000  # bytes; smaller files are copied, since some of them are rewritten


def candidate_of(home: Path) -> Path:
    """Where the candidate of the model folder `home` lies, whether or not there is one."""
    return home / BESIDE


def standing(model: str, cache: Path) -> tuple[Path, str] | None:
    """The folder and revision of what is released at an address; None while nothing is."""
    try:
        if parse_address(model).kind == "folder" and not Path(model).is_dir():
            return None
        return model_folder(model, cache)
    except MissingFile:
        return None


def settled_before(model: str, cache: Path) -> tuple[Path, str] | None:
    """The same without a provisional release, which a better one replaces and is not compared
    with."""
    now = standing(model, cache)
    return None if now is None or is_provisional(now[0]) else now


def waiting(model: str, cache: Path) -> Path | None:
    """The finished candidate of a model; None without one."""
    folder = candidate_of(home_of(model, cache))
    return folder if (folder / OURS / "release.json").is_file() else None


def candidate_round(model: str, cache: Path) -> Round | None:
    """What the candidate came to."""
    folder = waiting(model, cache)
    return read_story(folder).current if folder else None


def release(model: str, cache: Path, public: bool = False) -> str:
    """Make the candidate the newest revision of the model; that revision. Raises MissingFile
    without a candidate."""
    folder = waiting(model, cache)
    one = candidate_round(model, cache)
    if folder is None or one is None:
        raise MissingFile(
            f"There's no candidate model for {model}. Train one first: vitrine train DATASET "
            f"{model} "
            "--candidate",
            model=model,
        )
    now = settled_before(model, cache)
    story = (read_story(now[0]) if now else Story()).then(one, now[1] if now else "")
    revision = _newest(folder, model, cache, story, f"Release round {story.served}", public)
    shutil.rmtree(folder)
    say(f"Round {story.served} is released.")
    return revision


def roll_back(model: str, cache: Path, number: int | None = None, public: bool = False) -> str:
    """Make an earlier round the newest revision again: the one before, or number `number`; that
    revision.

    Raises MissingFile when there is no such round, or its weights were pruned.
    """
    now = standing(model, cache)
    if now is None:
        raise MissingFile(f"There is no model at {model}.", model=model)
    story = read_story(now[0])
    target = _earlier(story, number)
    folder, _ = model_folder(_at(model, target.revision), cache)
    revision = _newest(
        folder,
        model,
        cache,
        story.back_to(target.number, now[1]),
        f"Back to round {target.number}",
        public,
    )
    say(f"Round {target.number} is served again.")
    return revision


def discard(model: str, cache: Path) -> None:
    """Throw the candidate away."""
    shutil.rmtree(candidate_of(home_of(model, cache)), ignore_errors=True)


def prune(model: str, cache: Path, most: int) -> Story:
    """Remove the weights of all but the last `most` rounds, never the served ones. The story keeps
    its figures. Revisions keep their names and only lose their files. Cannot be undone.
    """
    now = standing(model, cache)
    if now is None:
        raise MissingFile(f"There is no model at {model}.", model=model)
    before = read_story(now[0])
    story = before.pruned(most)
    repo = open_repository(_at(model), kind="model")
    if story != before:
        repo.commit({f"{OURS}/{FILE}": story.to_bytes()}, "Prune earlier rounds")
    repo.keep_only([one.revision for one in story.rounds if one.revision])
    for gone in {one.revision for one in before.rounds} - {one.revision for one in story.rounds}:
        shutil.rmtree(copy_of(model, gone, cache), ignore_errors=True)
    return story


def _at(model: str, revision: str | None = None) -> str:
    return str(replace(parse_address(model), revision=revision))


def _earlier(story: Story, number: int | None) -> Round:
    past = [one for one in story.rounds if one.number != story.served]
    wanted = (
        [one for one in past if one.number == number]
        if number is not None
        else [one for one in past if one.number < story.served]
    )
    if not wanted:
        raise MissingFile(
            "There is no earlier round to go back to."
            if number is None
            else f"There is no round {number} to go back to.",
            number=number,
        )
    if not wanted[-1].revision:
        raise MissingFile(
            f"The weights of round {wanted[-1].number} were pruned; only its figures are left.",
            number=wanted[-1].number,
        )
    return wanted[-1]


def _newest(folder: Path, model: str, cache: Path, story: Story, message: str, public: bool) -> str:
    """Commit the release in `folder`, with this story, on top of what is at the model's address."""
    home = home_of(model, cache)
    home.mkdir(parents=True, exist_ok=True)
    with _draft(folder, home) as draft:
        settle(draft, story)
        write_json(
            draft / OURS / "release.json",
            read_json(draft / OURS / "release.json") | {"model": model},
        )
        revision = keep(draft, home, message)
    if parse_address(model).kind == "hub":
        revision = publish(home, model, private=not public, message=message)
    return revision


@contextmanager
def _draft(folder: Path, home: Path) -> Iterator[Path]:
    """A copy of a release to be written into; the weights share their bytes on disk."""
    beside = home / ".vitrine"
    beside.mkdir(exist_ok=True)
    with (
        full_disk_named("the model"),
        tempfile.TemporaryDirectory(dir=beside, prefix="draft-") as made,
    ):
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                place(path, Path(made) / name, link=path.stat().st_size > LARGE)
        yield Path(made)
