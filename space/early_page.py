"""The demo: the page is open as soon as the photos are in, and the loop goes on behind it in a
process of its own.

    python -m space demo PHOTOS OUT --port 7860

Until there is a model the light table is open; then a quick one answers, which says that it is
provisional; then the fine-tuned one takes its place. Closing the page stops the loop; started
again, it goes on where it was.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from data_cards.progress import say
from data_cards.settings import as_flags
from space.loop import LoopSettings, gathered
from space.settings import PORT, SpaceSettings, state_folder
from train.finetune.budget import check_budget


def early_page(
    photos: str, out: Path, loop: LoopSettings, cache: Path, port: int = PORT
) -> SpaceSettings:
    """Collect the photos; the settings of the page, with the rest of the loop behind it. Raises
    what `gathered` does, CannotTrain for a budget that cannot be meant."""
    check_budget(loop.budget, loop.epochs)
    say(f"Collecting photos from {photos}")
    dataset = gathered(photos, out, loop).address
    model = str(out / "model")
    behind = ("-m", "space", "loop", dataset, str(out), *as_flags(replace(loop, probe_first=True)))
    return SpaceSettings(
        model=model,
        dataset=dataset,
        cache=cache,
        state=state_folder(dataset, model, Path.home()),
        port=port,
        behind=behind,
    )
