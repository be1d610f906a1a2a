"""The page "Names": of some names that a person types, which ones the photos without a label show.

Nothing is decided by it: it proposes, and a key gives the class as anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curation.active_learning.names_for_photos import NOTHING, names_for, names_in, ranked_names
from curation.light_table.session.first_labels import PILE
from curation.light_table.session.table import LightTable
from data_cards.dataset.class_names import name_key
from train.inference.text_search import WordSearch

MOST_PHOTOS = 36  # of a name at once: as many as somebody looks over before one key
NEEDS = (
    "Proposing names takes a scan with a CLIP or SigLIP backbone that has its text half: vitrine "
    "scan DATASET --backbone FOLDER. This collection was looked at without one. Until then, type "
    "the class of one photo; photos that look like it are proposed."
)


class Names:
    """Names for photos without a label. Safe to call from many threads."""

    def __init__(self, table: LightTable) -> None:
        self._table = table
        self._search: tuple[object, WordSearch | None] | None = None

    def show(self, who: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """`names` as they were asked, else those of the classes; `proposed`: for each that fits
        photos, its `title`, class `id` (None where there is no such class), all `count` and the
        best `photos` with the keys of their questions; `silent`: names that fit none; `needs`: what
        is missing where nothing can be proposed."""
        table = self._table
        known = {name_key(info.title): info for info in table.records.collection.classes}
        names = names_in(asked.get("names", ""), known) or [info.title for info in known.values()]
        open_ones = self._open(who)
        search = self._words()
        shown = {"names": names, "photos": len(open_ones), "needs": "" if search else NEEDS}
        if search is None or not names or not open_ones:
            return shown | {"proposed": [], "silent": []}
        rows = [row for row, image_id in enumerate(search.ids) if image_id in open_ones]
        texts = search.towers.texts([*names, NOTHING])
        fits = names_for(search.rows[np.array(rows, int)], texts[:-1], texts[-1])
        proposed = []
        for place in ranked_names(fits):
            photos = [search.ids[rows[n]] for n in fits[place]]
            info = known.get(name_key(names[place]))
            if photos:
                proposed.append(
                    {
                        "title": info.title if info else names[place],
                        "id": info.id if info else None,
                        "count": len(photos),
                        "photos": [
                            {"image_id": one, "key": open_ones[one]} for one in photos[:MOST_PHOTOS]
                        ],
                    }
                )
        silent = [names[place] for place, found in enumerate(fits) if not len(found)]
        return shown | {"proposed": proposed, "silent": silent}

    def act(self, who: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing on this page changes anything by itself."""
        return self.show(who, {})

    def _open(self, who: str) -> dict[str, str]:
        """Photos without a label that this person may decide on, with the keys of their questions;
        none of the sealed test, since what fits them is a model's opinion."""
        table = self._table
        with table.lock:
            records = table.records_for(who)
            items = table.queue.items
            return {
                photo: key if (key := f"{PILE}/{photo}") in items else "sheet"
                for photo, row in records.labels.items()
                if row.status == "unlabelled" and not records.is_sealed(photo)
            }

    def _words(self) -> WordSearch | None:
        photos = self._table.records.photos
        if self._search is None or self._search[0] is not photos or self._search[1] is None:
            self._search = (photos, self._table.remembered.words(photos.keys()))
        return self._search[1]
