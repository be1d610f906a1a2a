"""The beginning of a new collection: two files that say what belongs where.

begin_collection(Path("festival"))        festival/card.md, festival/classes.yaml
"""

from __future__ import annotations

import math
from pathlib import Path

import yaml

from data_cards.dataset.class_names import class_id_from, title_from
from data_cards.dataset.collection_files import CARD, CLASSES
from data_cards.errors import BadCollection
from data_cards.storage.atomic_files import write_durably

CARD_TEXT = """---
{head}
subject: things          # people: where the photos are of people; a stricter policy then applies
language: en             # of the texts below and in classes.yaml
licence: CC0-1.0         # of these texts; photos keep their own
intended_use: ...
# flips: true            # if mirrored photos are still valid
---

What is collected here, where the photos come from, and what they should not be used for. This
text stands at the top of the dataset's page, the model's page and the demo's.
"""
CLASSES_TEXT = """# One entry for each thing. Only `id` is needed, as its photo folder is called.
# `vitrine check {name}` says what is missing, `fill {name}` drafts texts.
- id: first-thing
  title: First thing
  summary: ...                     # one or two sentences, for somebody who stands before it
  facts:                           # short names with short values, shown below the summary
    Look for: ...
  aliases: []                      # other names, also in other languages and spellings
  parent: ''                       # the group that it belongs to, if there are groups
  location:                        # [latitude, longitude], where it stands somewhere
  wikidata: ''                     # its item, such as Q243
  source: ...                      # who wrote the summary and the facts
  licence: CC0-1.0                 # of the summary and the facts
"""


def begin_collection(folder: Path) -> tuple[Path, Path]:
    """Write card.md and classes.yaml. Raises BadCollection where one of them is there already."""
    # A name on disk need not be UTF-8.
    called = folder.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    name = class_id_from(called)
    files = (folder / CARD, folder / CLASSES)
    for path in files:
        if path.exists():
            raise BadCollection(f"{path} is there already; nothing was changed.", path=str(path))
    head = yaml.safe_dump(
        {"name": name, "title": title_from(called)},
        sort_keys=False,
        allow_unicode=True,
        width=math.inf,
    )
    write_durably(files[0], CARD_TEXT.format(head=head.rstrip()).encode())
    write_durably(files[1], CLASSES_TEXT.format(name=name).encode())
    return files
