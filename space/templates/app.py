"""The front door of a deployed Space: `python -m space deploy` puts this file at the root of its
repository.

At the root, because Python looks for packages beside the file it was started with. What to serve
is in `deployment.json` beside it; a variable of the Space with the same name wins.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from data_cards.progress import speak_up
from space.app import run
from space.settings import SpaceSettings, settings_from

DEPLOYMENT = Path(__file__).parent / "deployment.json"


def settings(environ: Mapping[str, str]) -> SpaceSettings:
    """What was deployed, with what the Space's own variables say on top."""
    deployed = json.loads(DEPLOYMENT.read_text("utf-8"))
    return settings_from({**deployed, **environ})


def main() -> None:
    """Serve until the Space is stopped."""
    speak_up()
    chosen = settings(os.environ)
    # Gradio reads these when it is imported: no call home, and uploads in a folder of our own.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_TEMP_DIR", str((chosen.state / "uploads").resolve()))
    run(chosen)


if __name__ == "__main__":
    main()
