"""Groups and labels -> train, validation and test, with no group on two sides. Pure: no files, no
network.

A unit (near-duplicates, and photos of one class taken in one go) is never divided. A test split
that came with the photos stays; a train photo with a near-copy in it leaves. A missing side is
taken from the one that came.

    python -m train split DATASET
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from data_cards.annotations.decision import NONE_OF_THESE
from data_cards.dataset.schema import Split
from data_cards.errors import CannotSplit, TooFewLabels
from train.settings import SplitSettings
from train.splits.certificate import NOTHING_MEASURED, WEAK, Certificate
from train.splits.groups import bursts, connected, moments

TRAIN = "train"
VALIDATION = "validation"
TEST = "test"
# Photos of nothing in the collection have a stratum of their own: rejection is tuned and tested on
# them.
STATUSES = ("labelled", "none_of_these")
# Validation photos, where nobody says how many: a tenth, and of large collections ENOUGH. They
# choose between epochs and calibrate; beyond this number photos are better used for training
# (docs/decisions/label-doubt.md).
TENTH = 0.1
ENOUGH = 200
LABEL_FIRST = "Label some photos at the light table first: vitrine serve --dataset DATASET"


@dataclass(frozen=True)
class Known:
    """What is known of photos beside their labels, each by id.

    `groups`: near-duplicate group (missing: alone). `given`: the split a photo came with.
    `taken_at` (ISO 8601) and `files` (names): what bursts are seen by. `held`: the sides that an
    earlier split gave; those stay.
    """

    groups: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str | None] = field(default_factory=dict)
    taken_at: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)


def split(
    ids: Sequence[str],
    labels: Mapping[str, str | None],
    known: Known,
    settings: SplitSettings,
    pictured: Collection[str] = (),
) -> tuple[dict[str, Split], Certificate]:
    """Split the photos `ids`; a label of None means "none of these".

    `pictured`: classes that have a reference picture beside their photos. Photos that leave have
    no Split; where every class has one photo at most, there may be no test. Raises CannotSplit.
    Where `settings.validation` is None, of many photos not every class is steered by.
    """
    validation = settings.validation
    named = {i: labels[i] or NONE_OF_THESE for i in ids}
    came, carved = carved_sides({i: known.given.get(i) for i in ids}, named, pictured)
    table = _Table(
        sorted(ids),
        named,
        {i: known.groups.get(i, i) for i in ids},
        {i: known.held.get(i, came[i]) for i in ids},
        known.taken_at,
        known.files,
        TEST in came.values(),
        frozenset(known.held),
    )
    most = _check(table, pictured)
    rng = np.random.default_rng(settings.seed)
    plan = _Plan()
    _keep_given(table, plan)
    shares = {
        TEST: settings.test,
        VALIDATION: _few_of_many(table, plan) if validation is None else validation,
    }
    plan.sparing = validation is None and shares[VALIDATION] < TENTH
    for label in sorted(set(table.labels.values())):
        _carve(label, table, plan, rng, shares)
    if most > 1 and TEST not in plan.sides.values():
        raise CannotSplit(_no_test(table))
    splits = {
        i: Split(i, table.groups[i], side) for i in table.ids if (side := plan.side_of(table, i))
    }
    return splits, replace(
        _certificate(table, plan, splits, settings.seed, shares), carved_from=carved
    )


def carved_sides(
    given: Mapping[str, str | None], labels: Mapping[str, str], pictured: Collection[str] = ()
) -> tuple[dict[str, str | None], dict[str, str]]:
    """(the side each photo came with, or None where it may be given any; missing side -> the
    side it is carved from).

    If no training photos came, the validation photos are divided, or else the test photos, unless
    each class has a reference picture to learn from. If no test came, it is carved from the
    training photos.
    """
    came = {side for i, side in given.items() if labels[i] != NONE_OF_THESE}
    if came & {TRAIN, None}:
        missing = [side for side in (VALIDATION, TEST) if side not in came]
        return dict(given), dict.fromkeys(missing, TRAIN) if TRAIN in came else {}
    if VALIDATION in came:
        missing = [side for side in (TRAIN, TEST) if side not in came]
        freed = {i: None if side == VALIDATION else side for i, side in given.items()}
        return freed, dict.fromkeys(missing, VALIDATION)
    if came and not {*labels.values()} - {NONE_OF_THESE} <= {*pictured}:
        return dict.fromkeys(given), dict.fromkeys((TRAIN, VALIDATION), TEST)
    return dict(given), {}


@dataclass(frozen=True)
class _Table:
    ids: list[str]
    labels: dict[str, str]
    groups: dict[str, str]
    given: dict[str, str | None]
    taken_at: Mapping[str, str]
    files: Mapping[str, str]
    given_test: bool = False
    held: frozenset[str] = frozenset()

    @cached_property
    def sizes(self) -> Counter[str]:
        return Counter(self.groups.values())

    @cached_property
    def held_groups(self) -> set[str]:
        """Groups with a photo that an earlier split placed: a training photo never becomes a test
        photo."""
        return {self.groups[name] for name in self.held if name in self.groups}

    def size(self, groups: Iterable[str]) -> int:
        """Photos in these groups."""
        return sum(self.sizes[group] for group in groups)


@dataclass
class _Plan:
    """`sides` by group; `removed` photos leave; what the certificate has to name gathers here.
    `sparing`: classes share the validation photos; `owed`: how many those so far have not given
    yet."""

    sides: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    moved: int = 0
    whole: list[str] = field(default_factory=list)
    sparing: bool = False
    owed: float = 0.0

    def side_of(self, table: _Table, name: str) -> str | None:
        return None if name in self.removed else self.sides.get(table.groups[name])


def _check(table: _Table, pictured: Collection[str]) -> int:
    """How many photos the class with most has."""
    counts = Counter(label for label in table.labels.values() if label != NONE_OF_THESE)
    named = {*counts, *pictured}
    if not named:
        raise TooFewLabels(f"No photo is labelled yet, so there is nothing to split. {LABEL_FIRST}")
    if len(named) == 1:
        raise TooFewLabels(
            f"All labelled photos are of one class ({next(iter(named))}); a model needs at least "
            f"two. {LABEL_FIRST}"
        )
    return max(counts.values(), default=0)


def _no_test(table: _Table) -> str:
    """Why no photo can be a test, and what to do."""
    if VALIDATION in table.given.values():
        return (
            "No photo is left for a test: in every class, the photos outside validation are "
            "copies of one. To "
            "test on the given validation photos, add --val-is-test; or add photos taken at "
            "another time."
        )
    return (
        "No photo is left for a test: in every class all photos are copies of one. Add photos "
        "taken at another "
        "time."
    )


def _keep_given(table: _Table, plan: _Plan) -> None:
    """Whole groups take the side of their given photos: test wins and sends copies away, else
    train wins."""
    members: dict[str, list[str]] = {}
    for name in table.ids:
        members.setdefault(table.groups[name], []).append(name)
    for group, names in members.items():
        sides = {table.given[name] for name in names}
        if TEST in sides:
            plan.sides[group] = TEST
            plan.removed.update(name for name in names if table.given[name] != TEST)
        elif TRAIN in sides and VALIDATION in sides:
            plan.sides[group] = TRAIN
            plan.moved += sum(table.given[name] == VALIDATION for name in names)
        elif VALIDATION in sides:
            plan.sides[group] = VALIDATION


def _carve(
    label: str, table: _Table, plan: _Plan, rng: np.random.Generator, shares: Mapping[str, float]
) -> None:
    """Divide the groups of one class whose side is still open."""
    mine = [name for name in table.ids if table.labels[name] == label]
    undecided = [name for name in mine if table.groups[name] not in plan.sides]
    sides = Counter(plan.side_of(table, name) for name in mine)
    # A class that came with a split, but without test photos, is not ours to test where others have
    # some.
    tested = not sides[TEST] and not (table.given_test and any(table.given[name] for name in mine))
    units = units_of(undecided, table.groups, table.taken_at, table.files)
    spared = plan.sparing and label != NONE_OF_THESE
    steering = TENTH if plan.sparing else shares[VALIDATION]
    wanted = {
        TEST: _share(shares[TEST], len(mine)) if tested else 0,
        VALIDATION: _owed(shares[VALIDATION] * len(undecided), units, table, plan)
        if spared
        else 0
        if sides[VALIDATION]
        else _share(steering, len(mine)),
    }
    if len(units) > 1:
        _deal([units[i] for i in rng.permutation(len(units))], wanted, table, plan)
    elif len(parts := _in_time(undecided, table)) > 1:
        _cut(parts, wanted, table, plan)
    elif units:
        plan.whole += [label] if tested else []
        plan.sides.update(dict.fromkeys(units[0], TRAIN))
    if spared:
        plan.owed -= sum(plan.side_of(table, name) == VALIDATION for name in undecided)


def _few_of_many(table: _Table, plan: _Plan) -> float:
    """The share of candidates that become validation photos, for ENOUGH in all; none if half of
    them exist already."""
    sides = Counter(plan.side_of(table, name) for name in table.ids)
    if TENTH * (len(table.ids) - sides[TEST]) <= ENOUGH:
        return TENTH
    return (
        0 if 2 * sides[VALIDATION] >= ENOUGH else (ENOUGH - sides[VALIDATION]) / max(1, sides[None])
    )


def _owed(photos: float, units: Sequence[list[str]], table: _Table, plan: _Plan) -> int:
    """How many validation photos a class gives; none where that would be far more than it and
    those before it owe."""
    plan.owed += photos
    smallest = min(map(table.size, units), default=0)
    return round(plan.owed) if smallest < 2 * plan.owed else 0


def _share(share: float, photos: int) -> int:
    return max(1, round(share * photos)) if share > 0 else 0


def _deal(units: list[list[str]], wanted: Mapping[str, int], table: _Table, plan: _Plan) -> None:
    """Test, then validation, get units up to what is wanted, at least one each; train always
    keeps one."""
    for side in (TEST, VALIDATION):
        able = [unit for unit in units if side != TEST or table.held_groups.isdisjoint(unit)]
        chosen: list[list[str]] = []
        for unit in able:
            room = wanted[side] - table.size([group for one in chosen for group in one])
            # Take a unit if it brings the side nearer to its share. Taking only units that fit
            # would fill the test with single photos, which are the odd ones of a collection.
            if table.size(unit) < 2 * room and len(chosen) < len(units) - 1:
                chosen.append(unit)
        if not chosen and wanted[side] and able and len(units) > 1:
            chosen = [min(able, key=table.size)]
        units = [unit for unit in units if unit not in chosen]
        plan.sides.update((group, side) for unit in chosen for group in unit)
    plan.sides.update((group, TRAIN) for unit in units for group in unit)


def _cut(parts: list[str], wanted: Mapping[str, int], table: _Table, plan: _Plan) -> None:
    """One burst, cut in time: the last stretch of it is the test, the one before it validation,
    so that few photos have a neighbour across a line."""
    for side in (TEST, VALIDATION):
        taken: list[str] = []
        while (
            len(parts) > 1
            and table.size(taken) < wanted[side]
            and not (side == TEST and parts[-1] in table.held_groups)
        ):
            taken.append(parts.pop())
        plan.sides.update(dict.fromkeys(taken, side))
    plan.sides.update(dict.fromkeys(parts, TRAIN))


def units_of(
    names: Sequence[str],
    groups: Mapping[str, str],
    taken_at: Mapping[str, str],
    files: Mapping[str, str],
) -> list[list[str]]:
    """Groups that one burst ties together, as lists of groups; all else by photo, as for
    `split`."""
    tied = bursts(names, taken_at, files)
    root = connected(
        {groups[name] for name in names},
        ((groups[name], groups[first]) for name, first in tied.items()),
    )
    units: dict[str, list[str]] = {}
    for group in sorted(root):
        units.setdefault(root[group], []).append(group)
    return list(units.values())


def _in_time(names: Sequence[str], table: _Table) -> list[str]:
    """The groups of one burst, earliest first; nothing where some moment is unknown."""
    when = moments(names, table.taken_at, table.files)
    if len(when) < len(names) or len({clock for clock, _ in when.values()}) > 1:
        return []
    at: dict[str, list[float]] = {}
    for name in names:
        at.setdefault(table.groups[name], []).append(when[name][1])
    return sorted(at, key=lambda group: (sum(at[group]) / len(at[group]), group))


def _certificate(
    table: _Table,
    plan: _Plan,
    splits: Mapping[str, Split],
    seed: int,
    shares: Mapping[str, float],
) -> Certificate:
    per_class = {label: Counter[str]() for label in sorted(set(table.labels.values()))}
    for name, row in splits.items():
        per_class[table.labels[name]][row.split] += 1
    n = Counter(row.split for row in splits.values())
    sizes = table.sizes
    weak = _divided_bursts(table, splits)
    untested = [
        label
        for label, counts in per_class.items()
        if label != NONE_OF_THESE and not counts.get(TEST)
    ]
    return Certificate(
        seed=seed,
        fractions=dict(shares),
        given_test=table.given_test,
        n={side: n[side] for side in (TRAIN, VALIDATION, TEST)},
        per_class={label: dict(counts) for label, counts in per_class.items()},
        groups=len(sizes),
        grouped_photos=sum(size for size in sizes.values() if size > 1),
        leaks=leaks_left(splits),
        leaks_removed=len(plan.removed),
        removed=tuple(sorted(plan.removed)),
        moved=plan.moved,
        strength=f"{WEAK} ({', '.join(weak)})" if weak else "strict",
        weak=tuple(weak),
        kept_in_train=tuple(plan.whole),
        untested=tuple(untested),
    )


def _divided_bursts(table: _Table, splits: Mapping[str, Split]) -> list[str]:
    """Classes that were learned from one part of a burst and are tested on another, whoever
    divided it."""
    divided = []
    for label in sorted(set(table.labels.values())):
        mine = [name for name in splits if table.labels[name] == label]
        sides: dict[str, set[bool]] = {}
        for name, first in bursts(mine, table.taken_at, table.files).items():
            sides.setdefault(first, set()).add(splits[name].split == TEST)
        divided += [label] if any(len(both) > 1 for both in sides.values()) else []
    return divided


def leaks_left(splits: Mapping[str, Split]) -> str:
    """In words, counted afresh from the finished splits."""
    learned = {row.group for row in splits.values() if row.split != TEST}
    tested = [row for row in splits.values() if row.split == TEST]
    if not tested:
        return NOTHING_MEASURED
    crossing = sum(row.group in learned for row in tested)
    return f"{crossing} of {len(tested)} test photos have a near-copy in train or validation"
