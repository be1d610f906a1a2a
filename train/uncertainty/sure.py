"""The confidence from which an answer is "sure", chosen so that a promise holds: "of 100 sure
answers at most 3 are wrong".

Learn then Test (Angelopoulos 2021): thresholds are tried in a fixed order, the strictest first,
each by the binomial tail of the wrong answers above it, until one fails. What this guarantees: over
the draw of the photos it was tried on, with a chance of 90 % the line that is kept lets at most the
promised share of wrong answers through, of photos taken like those. It says nothing of one class
alone, of photos taken otherwise, or of strangers. Where labels may be wrong, answers differ from
them that often besides, and the promise holds as far as that share is right; the line then also
lies where confidence itself expects the promised share.

With too few photos the test can't pass whatever they show. Then the line is where confidence itself
expects the promised share, and the photos don't contradict it: an estimate, and said to be one.

    line = sure_line(probabilities, truth); line.at, line.words
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_cards.wording import whole_percent

# By default, three of 100 sure answers may be wrong.
WRONG = 0.03
# The chance that a line is kept that lets more through.
DOUBT = 0.1
# Shares of the answers that are tried, the surest first: fewer than half are of no use to a
# visitor, and steps finer than this change little.
SHARES = tuple(share / 100 for share in range(50, 101, 5))
# With fewer photos no threshold is fitted, and this confidence is used.
ENOUGH = 10
USUAL = 0.8
LOWEST = 0.6
HIGHEST = 0.99
BOUND = "bound"
ESTIMATE = "estimate"
# "Probably" is said where the first answer is likelier than this: IPCC's "likely" begins there, and
# no other answer is then half as likely.
PROBABLY = 2 / 3


@dataclass(frozen=True)
class SureLine:
    """Answers of a confidence `at` or above are sure; at most the share `wrong` of them should be
    wrong. `by`: bound | estimate | nothing, on `n` photos."""

    at: float = USUAL
    wrong: float = WRONG
    n: int = 0
    by: str = "nothing"

    @property
    def words(self) -> str:
        """What is promised, and what it rests on."""
        promise = f"of 100 sure answers at most {100 * self.wrong:g} should be wrong"
        if self.by == BOUND:
            return (
                f"Sure from {whole_percent(self.at)} on: {promise}, for photos taken like the "
                f"{self.n} it was tried on; such a threshold holds in {100 * (1 - DOUBT):.0f} of "
                "100 collections."
            )
        if self.by == ESTIMATE:
            return (
                f"Sure from {whole_percent(self.at)} on: {promise}. That is an estimate, not a "
                f"guarantee: the {self.n} photos it was tried on are too few, or too often "
                "wrong, to prove it."
            )
        told = f"Sure from {whole_percent(self.at)} on."
        return f"{told} Too few photos were left to test this threshold."


def sure_line(
    probabilities: np.ndarray, truth: np.ndarray, slips: float = 0.0, wrong: float = WRONG
) -> SureLine:
    """The lowest line that keeps the promise, from calibrated answers (n, c) about photos that were
    not learned from, and their labels (n,), of which about the share `slips` is wrong."""
    if len(truth) < ENOUGH:
        return SureLine(wrong=wrong, n=len(truth))
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    confidence = confidence[order]
    differs = np.cumsum((probabilities.argmax(axis=1) != truth)[order])
    proven = _proven(confidence, differs, _differing(wrong, slips))
    at = _estimated(confidence, differs, slips, wrong)
    if proven is not None:
        at = max(at, proven) if slips else proven
    by = ESTIMATE if proven is None else BOUND
    return SureLine(min(max(at, LOWEST), HIGHEST), wrong, len(truth), by)


def summed(probabilities: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Chances (n, c) of classes as chances (n, k) of the kinds (c,), numbered from 0, that they
    belong to."""
    table = np.zeros((len(kinds), int(kinds.max(initial=-1)) + 1))
    table[np.arange(len(kinds)), kinds] = 1.0
    return np.asarray(probabilities @ table)


def leads(probabilities: np.ndarray) -> bool:
    """Whether the first of calibrated answers (c,) is so far ahead that it is probably right."""
    return bool(np.max(probabilities, initial=0.0) >= PROBABLY)


def _differing(wrong: float, slips: float) -> float:
    """The share of answers that differ from their label where the share `wrong` is wrong and the
    share `slips` of labels is: a right answer differs from a slip nearly always."""
    return wrong + slips - wrong * slips


def _proven(confidence: np.ndarray, differs: np.ndarray, allowed: float) -> float | None:
    """The lowest line that the test lets pass; None for none. Both (n,), the surest first."""
    from scipy.stats import binom

    kept = None
    for share in SHARES:
        # Photos as confident as the last one are beyond the line with it.
        last = confidence[max(1, round(share * len(confidence))) - 1]
        count = int((confidence >= last).sum())
        if binom.cdf(differs[count - 1], count, allowed) > DOUBT:
            break
        kept = float(last)
    return kept


def _estimated(confidence: np.ndarray, differs: np.ndarray, slips: float, wrong: float) -> float:
    """The lowest line beyond which no more wrong answers were seen than promised, and no more are
    expected: by confidence itself, or by counting one more, as if the next were wrong (conformal
    risk control). The usual line where nothing that was seen speaks against it.

    Counting can't tell a wrong answer from a wrong label, so it has no say where labels may be
    wrong: on 57 pictures of eight styles, of which nobody had mislabelled one, it took 15 % of the
    answers for slips, put the line at 60 %, and 4 of 9 sure answers were wrong."""
    count = np.arange(1, len(confidence) + 1)
    seen = differs <= np.ceil(_differing(wrong, slips) * count)
    by_confidence = np.cumsum(1 - confidence) / count <= wrong
    by_counting = (slips == 0) & ((differs + 1) / (count + 1) <= wrong)
    # Photos as confident as the last one are beyond the line with it.
    ends = np.append(confidence[:-1] > confidence[1:], True)
    enough = np.flatnonzero(ends & seen & (by_confidence | by_counting))
    if len(enough):
        lowest = float(confidence[enough[-1]])
        if enough[-1] < len(confidence) - 1:
            return lowest
        # All of them are beyond the line, and so would be one more that is a little less sure.
        room = wrong * (len(confidence) + 1) - float((1 - confidence).sum())
        return min(lowest, max(USUAL, 1 - room))
    if slips:
        return 1 - wrong
    usual = int((confidence >= USUAL).sum())
    return USUAL if not usual or seen[usual - 1] else HIGHEST
