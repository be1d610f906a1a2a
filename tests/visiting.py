"""The whole app with a small recognizer behind it, for tests that visit it.

    python -m tests.visiting FOLDER SUBJECT ORIGIN PORT      serves it; ann's password is `sesame-sesame`
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_cards.dataset import Dataset, create_dataset, open_dataset
from data_cards.photo import image_id
from data_cards.rows import Label, Photo, Source, images_file, labels_file
from space.access import PasswordAccess
from space.app import create_app
from space.passwords import hash_password
from space.settings import SpaceSettings
from tests.colours import COLOURS, SIDE, Colours, gallery, photo_of

PASSWORD = "sesame-sesame"


def small_gallery(folder: Path, subject: str = "things") -> Dataset:
    """A dataset with two photos of each painting."""
    if (folder / "README.md").exists():
        return open_dataset(str(folder))
    made = create_dataset(str(folder), gallery(subject), {name: photo_of(name) for name in COLOURS})
    rows = [(Photo(image_id(data), SIDE + extra, SIDE, (Source(path=f"{name}/{extra}.jpg", given_label=name),)), data)
            for name in COLOURS for extra in (0, 2) for data in [photo_of(name, SIDE + extra, SIDE)]]
    labels = [Label(photo.image_id, photo.sources[0].given_label, "labelled") for photo, _ in rows]
    return made.commit(dict([images_file(rows), labels_file(labels)]), "Hang the paintings")


def settings_in(folder: Path, **changes: Any) -> SpaceSettings:
    """Settings that keep everything in a folder."""
    return SpaceSettings(**{"model": "colours", "state": folder / "state", **changes})


def sesame() -> PasswordAccess:
    """ann may sit at the light table."""
    return PasswordAccess({"ann": hash_password(PASSWORD)})


def in_a_loop(make: Callable[[], Any]) -> Any:
    """What `make` makes inside a running event loop; outside one Gradio opens several of its own and closes none. In a
    thread, for tests whose own thread has a loop running already (a browser's)."""

    async def making() -> Any:
        return make()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(making())).result()


def built(settings: SpaceSettings, subject: str = "things") -> Any:
    """The app."""
    return in_a_loop(lambda: create_app(settings, load=lambda address: Colours(subject), access=sesame()))


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(app: Any, port: int = 0) -> Iterator[str]:
    """The app's address, while a thread of this process serves it."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error", proxy_headers=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def main() -> None:
    """Serve until killed."""
    import uvicorn

    folder, subject, origin, port = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    small_gallery(folder / "dataset", subject)
    settings = settings_in(folder, dataset=str(folder / "dataset"), port=port, origins=(origin,))
    uvicorn.run(built(settings, subject), host="127.0.0.1", port=port, log_level="error", proxy_headers=False)


if __name__ == "__main__":
    main()
