"""What the photos themselves say about their labels: a model's probabilities and the look-alikes,
pooled with learned weights.

    beliefs(labels, probabilities, embeddings)      logarithms of them, some photos at a time

Every source is out of sample: probabilities come from a model that had not seen the photo, and the
evidence of embeddings leaves out the photo itself and its group. The weight of each source is
fitted to the given labels, by expectation-maximisation over the true ones: T[k, g], the chance that
a k is labelled g, is learned along with the weights, so that wrong labels do not distort them
(Dawid & Skene 1979; Patrini et al. 2017 for the transition matrix).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from curation.measures.neighbours import LOOKED_AT, WIDTH, evening, largest
from data_cards.bulk.batching import batches

NEIGHBOURS = 10
ROWS_AT_ONCE = 512
WIDEST = 1024
MANY = 10_000
OWN_SHOT = -2.0  # in place of the cosine to a photo of one's own group
ENOUGH = 20_000  # rows to fit the weights on: they are few
STARS_AT_ONCE = 128  # groups that are looked at
LEAST = 1e-12
FLAT = 0.02
FAINT = 0.05
DECAYS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
# How firmly the start is held: as if this many photos had said so. Ordering hardly depends on it
# (docs/decisions/label-doubt.md).
HOLD_WEIGHT = 10.0
HOLD_LEVEL = 5.0
HOLD_NOISE = 50.0
ROUNDS = 20
FIRST_NOISE = 0.1


def beliefs(
    labels: np.ndarray,
    probabilities: np.ndarray,
    embeddings: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    near: tuple[np.ndarray, np.ndarray] | None = None,
    in_training: np.ndarray | None = None,
) -> Iterator[tuple[slice, np.ndarray]]:
    """The logarithms of the belief (m, c) in each class, part by part with the rows of each: of
    very many photos a table of all is large.

    `groups` (n,): photos of one group are no evidence for each other. `near`: places and cosines
    as `neighbours` gives them, where somebody knows them already. `in_training` (n,): which
    labels other photos could speak for; only these say what a source is worth.
    """
    y = np.asarray(labels, dtype=np.int64)
    p = np.asarray(probabilities)
    witnesses = _witnesses(y, p, embeddings, groups, near)
    classes = p.shape[1]

    def heard(rows: np.ndarray | slice) -> np.ndarray:
        return np.stack([_about_zero(of(rows)) for of in witnesses])

    telling = np.arange(len(y)) if in_training is None else np.flatnonzero(in_training)
    most = max(ENOUGH // 4, min(ENOUGH, 1_000_000 // max(1, classes)))
    some = np.random.default_rng(0).permutation(telling)[:most]
    weights = np.zeros(len(witnesses))
    level = np.zeros(1)
    if len(some) and classes > 1:
        weights, level = _fit(
            y[some], np.concatenate([heard(some[part]) for part in _parts(len(some))], axis=1)
        )
    for part in _parts(len(y)):
        yield part, _log_softmax(np.tensordot(weights, heard(part), 1) + level)


Witness = Callable[[np.ndarray | slice], np.ndarray]  # of some rows: its logarithms (m, c)


def _witnesses(
    y: np.ndarray,
    p: np.ndarray,
    embeddings: np.ndarray | None,
    groups: np.ndarray | None,
    near: tuple[np.ndarray, np.ndarray] | None,
) -> list[Witness]:
    # Probabilities are used twice, once clipped at the bottom: below which value they stop meaning
    # anything is learned as well.
    found: list[Witness] = [
        lambda rows: np.log(np.maximum(chances_of(p[rows]), LEAST)),
        lambda rows: np.log(chances_of(p[rows]) + FLAT),
    ]
    if embeddings is None or len(y) <= 2:
        return found
    x = np.asarray(embeddings)
    places, cosines = near or neighbours(x, groups=groups)
    line = linear_votes(y, x, p.shape[1], groups)
    return [
        *found,
        lambda rows: np.log(votes(y, places[rows], cosines[rows], p.shape[1])),
        lambda rows: np.log(np.maximum(line(rows), 0) + FAINT + 1 / len(y)),
    ]


def _about_zero(one: np.ndarray) -> np.ndarray:
    return (one - one.mean(axis=1, keepdims=True)).astype(np.float32)


def neighbours(
    embeddings: np.ndarray, count: int = NEIGHBOURS, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest others of each row, every direction evened: places (n, count) and cosines (n,
    count), nearest first.

    Members of a row's own group come last, with a cosine of OWN_SHOT, and do not count.
    """
    x = cleaned(embeddings)(slice(None))
    # Of many photos along the first directions only: comparing everybody is then cheap.
    x = x @ evening(x[:: max(1, len(x) // LOOKED_AT)], WIDTH if len(x) > LOOKED_AT else x.shape[1])
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    count = max(0, min(count, len(x) - 1))
    places = np.zeros((len(x), count), np.int64)
    cosines = np.zeros((len(x), count), np.float32)
    together = dict(_together(groups)) if groups is not None else {}
    for start in range(0, len(x), ROWS_AT_ONCE) if count else ():
        alike = x[start : start + ROWS_AT_ONCE] @ x.T
        alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = -3
        for row in range(len(alike)) if together else ():
            others = together.get(start + row)
            if others is not None:
                alike[row, others[others != start + row]] = OWN_SHOT
        part = slice(start, start + len(alike))
        places[part], cosines[part] = largest(alike, count)
    return places, cosines


def votes(labels: np.ndarray, places: np.ndarray, cosines: np.ndarray, classes: int) -> np.ndarray:
    """What the neighbours of some photos (m, k) are called among all labels (n,), as shares (m,
    classes); nearer ones count more, and nobody counts for nothing."""
    shares = np.full((len(places), classes), 1.0 / classes)
    weights = np.maximum(cosines, 0.0) ** 2
    for column in range(places.shape[1]):
        np.add.at(shares, (np.arange(len(places)), labels[places[:, column]]), weights[:, column])
    return shares / shares.sum(axis=1, keepdims=True)


def _axes(products: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """How far n embeddings, of which the sum of `products` (d, d) is known, spread (k,) along the
    axes in which they differ at all; and what turns them to those (d, k)."""
    spread, axes = np.linalg.eigh(products.astype(np.float64) / n)
    kept = spread > max(spread.max(initial=0) * 1e-6, 1e-20)
    return spread[kept], (axes[:, kept] / np.sqrt(spread[kept] * n)).astype(np.float32)


def linear_votes(
    labels: np.ndarray, embeddings: np.ndarray, classes: int, groups: np.ndarray | None = None
) -> Witness:
    """What a ridge regression from embeddings to labels says of some photos (m, classes), fitted
    without each and its group: in closed form, from one fit. About 0 to 1, but not chances."""
    x = cleaned(embeddings)
    n = len(embeddings)
    one_hot = np.eye(classes, dtype=np.float32)
    parts = _parts(n)
    spread, turn = _axes(sum((few := x(part)).T @ few for part in parts), n)
    if not len(spread):
        return lambda rows: np.full((len(labels[rows]), classes), 1 / classes)
    mean = (np.bincount(labels, minlength=classes) / n).astype(np.float32)

    def turned(rows: np.ndarray | slice) -> np.ndarray:
        if isinstance(rows, slice) or len(rows) <= ROWS_AT_ONCE:
            return np.asarray(x(rows) @ turn)
        return np.concatenate([x(rows[part]) @ turn for part in _parts(len(rows))])

    pull = sum(turned(part).T @ (one_hot[labels[part]] - mean) for part in parts)

    def without_itself(decay: float, u: np.ndarray, given: np.ndarray) -> np.ndarray:
        shrink = shrunk(decay)
        own = np.minimum(np.square(u) @ shrink + 1 / n, 0.999)[:, None]
        return np.asarray((u @ (shrink[:, None] * pull) + mean - own * given) / (1 - own))

    def shrunk(decay: float) -> np.ndarray:
        return (spread / (spread + decay * spread.mean())).astype(np.float32)

    wrong = np.zeros(len(DECAYS))
    some = np.random.default_rng(0).permutation(n)[:MANY]
    for part in _parts(len(some)):
        u = turned(some[part])
        given = one_hot[labels[some[part]]]
        wrong += [((without_itself(decay, u, given) - given) ** 2).sum() for decay in DECAYS]
    decay = DECAYS[int(wrong.argmin())]
    shrink = shrunk(decay)
    mended = [np.zeros((0, classes))]
    place = np.full(n, -1)
    count = 0
    stars = {int(m[0]): m for _, m in _together(groups)}.values() if groups is not None else ()
    for some_stars in batches(stars, STARS_AT_ONCE):
        rows = np.concatenate(some_stars)
        u = turned(rows)
        given = one_hot[labels[rows]]
        error = given - u @ (shrink[:, None] * pull) - mean
        place[rows] = count + np.arange(len(rows))
        count += len(rows)
        for star in np.split(
            np.arange(len(rows)), np.cumsum([len(one) for one in some_stars])[:-1]
        ):
            own = (u[star] * shrink) @ u[star].T + 1 / n
            mended.append(
                given[star] - np.linalg.solve(np.eye(len(star)) * 1.001 - own, error[star])
            )
    together = np.concatenate(mended)

    def said(rows: np.ndarray | slice) -> np.ndarray:
        out = without_itself(decay, turned(rows), one_hot[labels[rows]])
        at = place[rows]
        out[at >= 0] = together[at[at >= 0]]
        return out

    return said


def _fit(y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (k,) of the sources z (k, n, c), never negative, and each class's level (c,)."""
    (k, n, c), given = z.shape, np.eye(z.shape[2], dtype=np.float32)[y]
    start = np.concatenate([np.full(k, 1 / k), np.zeros(c)])
    held = np.concatenate([np.full(k, HOLD_WEIGHT), np.full(c, HOLD_LEVEL)])
    at = start.copy()
    other = given.mean(axis=0) * (1 - np.eye(c))
    other /= np.maximum(other.sum(axis=1, keepdims=True), LEAST)
    called = (1 - FIRST_NOISE) * np.eye(c) + FIRST_NOISE * other
    for _ in range(ROUNDS):
        belief = np.exp(_log_softmax(np.tensordot(at[:k], z, 1) + at[k:])).astype(np.float32)
        true = belief * called.T[y].astype(np.float32)
        true /= np.maximum(true.sum(axis=1, keepdims=True), 1e-30)
        table = (true.T @ given).astype(np.float64)
        noise = float(np.clip(1 - np.trace(table) / n, 1e-3, 0.7))
        usual = HOLD_NOISE * ((1 - noise) * np.eye(c) + noise * other)
        called = (table + usual) / np.maximum((table + usual).sum(axis=1, keepdims=True), LEAST)
        slope, curve = _slopes(z, belief, true - belief)
        step = np.linalg.solve(curve + np.diag(held), slope - held * (at - start))
        at += step * min(1.0, 2 / max(float(np.abs(step).max()), LEAST))
        at[:k] = np.maximum(at[:k], 0)
    return at[:k], at[k:]


def _slopes(z: np.ndarray, belief: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (k + c,) and curvature (k + c, k + c) of the log-likelihood."""
    k = len(z)
    c = belief.shape[1]
    curve = np.zeros((k + c, k + c))
    away = [one - (one * belief).sum(axis=1, keepdims=True) for one in z]
    for a in range(k):
        weighted = belief * away[a]
        curve[a, :k] = [np.vdot(weighted, one) for one in away]
        curve[a, k:] = curve[k:, a] = weighted.sum(axis=0, dtype=np.float64)
    curve[k:, k:] = np.diag(belief.sum(axis=0, dtype=np.float64)) - belief.T @ belief
    return np.concatenate(
        [[np.vdot(one, error) for one in z], error.sum(axis=0, dtype=np.float64)]
    ), curve


def chances_of(probabilities: np.ndarray) -> np.ndarray:
    """Normalise rows to a sum of 1, whatever the input."""
    p = np.maximum(np.nan_to_num(np.asarray(probabilities, dtype=np.float64), posinf=1.0), 0)
    total = p.sum(axis=1, keepdims=True)
    return np.where(total > 0, p / np.where(total > 0, total, 1), 1 / max(p.shape[1], 1))


def cleaned(embeddings: np.ndarray) -> Callable[[np.ndarray | slice], np.ndarray]:
    """Any rows, centred and scaled to ordinary size, in single precision; values that are not
    numbers become 0. Rows are converted on demand, because a full copy for very many photos takes
    hundreds of megabytes."""
    given = np.asarray(embeddings)
    parts = _parts(len(given))
    wide = np.result_type(given.dtype, np.float32)

    def numbers(rows: np.ndarray | slice) -> np.ndarray:
        some = np.array(given[rows], wide)
        return (
            some
            if np.isfinite(some).all()
            else np.nan_to_num(some, copy=False, posinf=0.0, neginf=0.0)
        )

    size = max([1e-30, *(_largest(numbers(part)) for part in parts)])
    mean = sum((numbers(part) / size).sum(axis=0, dtype=np.float64) for part in parts) / max(
        1, len(given)
    )
    over = (
        np.random.default_rng(0).standard_normal((given.shape[1], WIDEST), dtype=np.float32)
        if given.shape[1] > WIDEST
        else None
    )

    def narrow(rows: np.ndarray | slice) -> np.ndarray:
        x = numbers(rows)
        x /= size
        x = x.astype(np.float32, copy=False)
        x -= np.asarray(mean, np.float32)
        return x if over is None else x @ over

    spread = max([1e-9, *(_largest(narrow(part)) for part in parts)])

    def centred(rows: np.ndarray | slice) -> np.ndarray:
        x = narrow(rows)
        x /= np.float32(spread)
        return x

    return centred


def _parts(rows: int) -> list[slice]:
    return [slice(start, start + ROWS_AT_ONCE) for start in range(0, rows, ROWS_AT_ONCE)]


def _largest(x: np.ndarray) -> float:
    """The largest absolute value in x."""
    return max(float(x.max(initial=0)), -float(x.min(initial=0)))


def _log_softmax(z: np.ndarray) -> np.ndarray:
    z = z - z.max(axis=1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))


def _together(groups: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """(row, all rows of its group), for groups of more than one."""
    _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(member, kind="stable")
    for rows in np.split(order, np.cumsum(sizes)[:-1]):
        if len(rows) > 1:
            yield from ((int(row), rows) for row in rows)
