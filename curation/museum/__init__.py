"""The built-in sample: a gallery that is drawn and photographed by this program. No network,
nobody's licence.

`programme` says which photo is taken and under which label; `visitors` take it; `scenes`,
`rooms` and `camera` are what they see and through what; `gallery`, `painters` and `brush` made
the pictures on the walls.

    python -m curation collect museum:400 my-dataset
"""

from __future__ import annotations

from curation.museum.gallery import canvas_side, reference
from curation.museum.programme import Museum, MuseumTruth, parse_museum, photos, plan

__all__ = [
    "Museum",
    "MuseumTruth",
    "canvas_side",
    "parse_museum",
    "photos",
    "plan",
    "reference",
]
