"""Classes in the names of files: "gond painting_7.jpg" is a gond painting, "IMG_1234.jpg" none.

classes_in_names(["mug_1", "mug_2", "vase1", "vase2"])     Counter({"mug": 2, "vase": 2})
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from curation.ingest.split_names import splits_of

# Names look like classes where so many of the files share theirs with another file, and nearly all
# of those that name anything do: a few odd ones are what a collection has.
SHARED = 0.8
_COPY = re.compile(
    r"\s*(?:[-_ ]+cop(?:y|ie)|[-_ ]+kopie|[-_]edited)(?:\s*\(?\d+\)?)?\s*$", re.IGNORECASE
)
# What cameras, phones, messengers and browsers call files, and words that name no thing.
_NOBODYS = re.compile(
    r"[_-]*(?:img|_?mg|dsc[nf]?|pxl|mvimg|vid|mvi|gopr|cimg|kimg|hpim|dji|imag|pict|pano"
    r"|burst|fb_img|dcp|wp|cam|sdc"
    r"|photo|foto|image|picture|pic|bild|scan|frame|file|video|clip|vlcsnap|received|signal"
    r"|telegram|whatsapp|snapchat"
    r"|instagram|facebook|screen ?shot|bildschirmfoto|capture|pasted|unnamed|unknown"
    r"|untitled|download|images|index"
    r"|thumb(?:nail)?|copy|item|object|class)(?:[^a-z].*)?"
    r"|(?:g[hx]|[prl]|sam_?)\d{4,}.*",
    re.IGNORECASE,
)
_NUMBER_BEFORE = re.compile(r"\d+[ _.-]+")
_HASH = re.compile(
    r"(?<![0-9a-z])(?:(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,}"
    r"|[0-9a-f]{4,}(?:-[0-9a-f]{4,})+)(?![0-9a-z])",
    re.IGNORECASE,
)


def class_in_name(stem: str) -> str:
    """ "gond painting_7", "mon04", "bay (3)", "cat.12", "7_dog" -> "gond painting", "mon", "bay",
    "cat", "dog";
    "IMG_1234" -> ""."""
    name = _COPY.sub("", stem).rstrip("0123456789() ").rstrip("_-. #")
    number = _NUMBER_BEFORE.match(name)
    name = name[number.end() :] if number else name
    has_letters = any(character.isalpha() for character in name)
    return name if has_letters and not _NOBODYS.fullmatch(stem) and not _HASH.search(stem) else ""


def classes_in_names(stems: Iterable[str]) -> Counter[str]:
    """How many files name each class, if the names look like classes; else empty."""
    names = [class_in_name(stem) for stem in stems]
    count = Counter(filter(None, names))
    shared = Counter({name: number for name, number in count.items() if number > 1})
    is_likely = len(shared) > 1 and shared.total() >= SHARED * len(names)
    return count if is_likely and len(splits_of(shared)) < len(shared) else Counter()
