"""What people call the sides of a split: "val", "Testing", "test_set", "train2017".

split_of("Training Set")                    "train"
splits_of(["seg_train", "seg_test"])        {"seg_train": "train", "seg_test": "test"}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

SPLITS = {
    "train": "train",
    "training": "train",
    "trainval": "train",
    "val": "validation",
    "valid": "validation",
    "validate": "validation",
    "validation": "validation",
    "dev": "validation",
    "development": "validation",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
    "holdout": "test",
    "heldout": "test",
    "trn": "train",
    "tst": "test",
    "validierung": "validation",
}
_WORD = "(?P<word>" + "|".join(sorted(SPLITS, key=len, reverse=True)) + ")"
# "Training Set", "test-images", "train2017", "val_256", "01_train".
_WHAT = "set|split|data|dataset|imgs?|images?|photos?|pics?|pictures?|folder|dir"
_REST = rf"(?:[ _.-]?(?:{_WHAT}))?(?:[ _.-]?v?\d+)?"
_NAME = re.compile(rf"(?:\d+[ _.-])?{_WORD}{_REST}")
_AFTER = re.compile(rf"(?P<before>.+?)[ _.-]{_WORD}{_REST}")
_AMONG_OTHERS = re.compile(rf"(?<![a-z]){_WORD}(?![a-z])")
_IN_TWO = re.compile(r"(?<![a-z])(hold|held)[ _-]out")
_EVALUATION = re.compile(r"(?<![a-z])eval")


def split_of(name: str) -> str | None:
    """train, validation or test, as a dataset calls the side that `name` means; None for anything
    else."""
    found = _NAME.fullmatch(_plain(name))
    return SPLITS[found["word"]] if found else None


def splits_of(names: Iterable[str]) -> Mapping[str, str]:
    """The side that each of these names beside each other means.

    "seg_train" is one beside "seg_test", and "train (1)" beside "test (1)"; alone, as "steam_train"
    or "crash-test", it is not. "eval" is the validation where a "test" lies beside it.
    """
    found: dict[str, str] = {}
    alike: dict[str, dict[str, str]] = {}
    for name in names:
        side = split_of(name)
        if side:
            found[name] = side
            continue
        for pattern, word in _around(_plain(name)):
            alike.setdefault(pattern, {})[name] = SPLITS[word]
    for sides in alike.values():
        if len(set(sides.values())) > 1:
            found.update(sides)
    return found | _evaluations(found)


def side_among(name: str) -> str | None:
    """The side that a word in a name means: "public_test" is the test. Only for folders that are
    known to be sides."""
    found = _AMONG_OTHERS.search(_plain(name))
    return SPLITS[found["word"]] if found else None


def _around(name: str) -> Iterator[tuple[str, str]]:
    """What is around the word for a side in a name, and the word: sides of one split share it."""
    after = _AFTER.fullmatch(name)
    if after:
        yield f"{after['before']} *", after["word"]
    among = _AMONG_OTHERS.search(name)
    if among:
        yield f"{name[: among.start()]}*{name[among.end() :]}", among["word"]


def _evaluations(found: Mapping[str, str]) -> dict[str, str]:
    tests = {name for name, side in found.items() if side == "test"}
    evaluations = {name for name in tests if _EVALUATION.search(_plain(name))}
    is_beside_test = evaluations < tests and "validation" not in found.values()
    return dict.fromkeys(evaluations, "validation") if is_beside_test else {}


def _plain(name: str) -> str:
    return _IN_TWO.sub(r"\1out", name.strip().casefold())
