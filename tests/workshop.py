"""A model with rounds, a candidate, and a trainer that only pretends, for tests of the owner's page."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from curation.light_table.rounds import Serving, Workshop
from data_cards.repository import open_repository
from train.comparison import Changed, paired
from train.contest import COMPARISON, Contest
from train.effort import Effort
from train.metrics import wilson
from train.releases import BESIDE, standing
from train.rounds import Round, Story, settle

# What the page starts instead of `python -m curation retrain`: DATASET MODEL ... --status FILE.
TRAINS = """
import sys
from pathlib import Path
from curation.job import Telling
from tests.workshop import lay_candidate
telling = Telling(Path(sys.argv[-1]))
telling.step(3, 5, "Training, then the sealed test for both models")
gate = Path(sys.argv[2]).parent / "gate"
import time
while gate.exists():
    time.sleep(0.05)
lay_candidate(Path(sys.argv[2]), Path(sys.argv[2]).parent / "release", Path(sys.argv[2]).parent / "changed")
telling.done("It went well.")
"""
BREAKS = "import sys\nfrom pathlib import Path\nfrom curation.job import Telling\n" \
         "Telling(Path(sys.argv[-1])).failed('The disk is full.')"


def a_round(hits: int, decisions: int, **more: object) -> Round:
    """One round on 100 test photos."""
    return Round(0, "2026-11-21T10:00:00+00:00", "d" * 40, wilson(hits, 100), Effort(decisions, 0.2, 30, 0.5), 400,
                 **more)  # type: ignore[arg-type]


def model_with_rounds(release: Path, folder: Path, rounds: int = 2) -> Path:
    """A copy of a tiny release with that many rounds behind it, at 70, 75, ... of 100."""
    shutil.copytree(release, folder)
    repo, story = open_repository(str(folder), kind="model"), Story()
    for number in range(rounds):
        story = story.then(a_round(70 + 5 * number, 20 * number, before=20 * (number - 1)), repo.head() or "")
        made = folder.parent / "draft"
        settle(made, story)
        repo.commit({f"vitrine/{path.relative_to(made / 'vitrine')}": path for path in made.rglob("*")
                     if path.is_file()}, f"Round {number + 1}")
        shutil.rmtree(made)
    return folder


def lay_candidate(model: Path, release: Path, changed: Path | None = None) -> None:
    """A finished candidate beside a model; `changed`: a file with image_ids of test photos, one better, one worse."""
    folder = model / BESIDE
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(release, folder)
    found = paired([1] * 75 + [0] * 25, [1] * 74 + [0] + [1] * 16 + [0] * 9)
    settle(folder, Story().then(a_round(90, 60, before=20, found=found, against=2), ""))
    ids = changed.read_text().split() if changed and changed.exists() else []
    rows = [Changed(image_id, "harbour", said, other) for image_id, said, other in
            zip(ids, ("red-grid", "harbour"), ("harbour", "red-grid"), strict=False)]
    (folder / "vitrine" / COMPARISON).write_text(json.dumps(Contest(found, tuple(rows)).to_json()))


def workshop_in(folder: Path, model: Path, code: str = TRAINS, reload: Callable[[], None] = lambda: None) -> Workshop:
    """The page's surroundings; what is served is always the newest."""
    def serving() -> Serving:
        now = standing(str(model), folder / "cache")
        return Serving(now[1] if now else "")

    return Workshop(str(model), folder / "cache", folder / "jobs", serving, reload, ("-c", code))


if __name__ == "__main__":
    lay_candidate(Path(sys.argv[1]), Path(sys.argv[2]))
