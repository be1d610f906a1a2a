"""The owner's page "Add photos": what was dropped, what would come in, and taking it in."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from curation.light_table.session.table import LightTable
from curation.light_table.uploads import Uploads
from data_cards.errors import VitrineError


class AddPhotos:
    """Uploads by person, beside the journal. Safe for threads as far as people are others."""

    def __init__(self, table: LightTable) -> None:
        self._table = table

    def of(self, who: str) -> Uploads:
        """What this person has sent so far."""
        return Uploads(self._folder / sha256(who.encode()).hexdigest()[:16])

    def put(self, who: str, file: str, offset: int, data: bytes) -> int:
        """A piece of a file that this person sends."""
        return self.of(who).put(file, offset, data)

    @property
    def _folder(self) -> Path:
        return self._table.journal_folder.parent / "uploads"

    def show(self, who: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """What `Uploads.seen` says; with `have`: how many bytes of that file are here."""
        if asked.get("have"):
            return {"have": self.of(who).have(asked["have"])}
        return self.of(who).seen() | {"said": ""}

    def act(self, who: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """`take_in` or `clear`. Raises what collecting raises; what was sent then stays."""
        uploads = self.of(who)
        said = ""
        if wanted.get("do") == "take_in":
            report = uploads.take_in(self._table.dataset.address)
            self._table.refresh()
            said = report.sentence
        elif wanted.get("do") == "clear":
            uploads.clear()
        else:
            raise VitrineError("The light table did not understand that. Load the page again.")
        return uploads.seen() | {"said": said}
