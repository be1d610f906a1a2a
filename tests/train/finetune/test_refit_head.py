"""A head fitted anew to all photos outside the test: where validation prefers it, and only
there."""

from dataclasses import replace

import numpy as np

from tests.fixtures.gaussians import clouds
from train.finetune.refit_head import refitted
from train.probes.lda import fit_discriminant
from train.probes.logistic import fit_probe
from train.uncertainty.decision_rule import Seen

CLASSES = 6


def sides(spread=1.2, n=180, held=60):
    """What a network saw of photos that it learned from and of validation photos; its own head
    is a regression."""
    x, y = clouds(n + held, CLASSES, 12, spread=spread)
    probe = fit_probe(x[:n], y[:n], CLASSES)
    return tuple(
        Seen(probe.logits(x[part]), x[part], y[part]) for part in (slice(n), slice(n, None))
    )


def worse(seen):
    """As if the network had named every photo wrongly."""
    return replace(seen, logits=np.eye(CLASSES)[(seen.truth + 1) % CLASSES])


def test_a_better_head_is_the_discriminant_of_training_and_validation_photos_together():
    learned, held = sides()
    found = refitted(learned, worse(held), range(60))
    both = np.concatenate([learned.embeddings, held.embeddings])
    again = fit_discriminant(both, np.concatenate([learned.truth, held.truth]), CLASSES)
    assert found.held.shape == (60, CLASSES)
    assert (
        found.probe.logits(both).argmax(axis=1) == again.logits(both).argmax(axis=1)
    ).mean() > 0.97


def test_a_head_that_is_no_better_is_left_out():
    learned, held = sides()
    perfect = replace(held, logits=50.0 * np.eye(CLASSES)[held.truth])
    assert refitted(learned, perfect, range(60)) is None


def test_what_it_says_of_validation_photos_comes_from_heads_that_did_not_see_them():
    """One photo far from all others of its class, twice: with its copy elsewhere it would be
    known."""
    learned, held = sides()
    odd = 40.0 * np.ones((2, 12))
    held = Seen(
        np.concatenate([held.logits, np.zeros((2, CLASSES))]),
        np.concatenate([held.embeddings, odd]),
        np.concatenate([held.truth, [1, 1]]),
    )
    apart, together = (
        refitted(learned, worse(held), [*range(60), *units]).held[-2:]
        for units in ((60, 61), (60, 60))
    )
    assert (apart.argmax(axis=1) == 1).all() and not (together.argmax(axis=1) == 1).any()


def test_how_sure_it_is_fits_what_it_said_of_validation_photos():
    learned, held = sides(spread=2.0, n=600, held=600)
    found = refitted(learned, worse(held), range(600))
    chances = np.exp(found.held) / np.exp(found.held).sum(axis=1, keepdims=True)
    assert abs(chances.max(axis=1).mean() - (found.held.argmax(axis=1) == held.truth).mean()) < 0.05


def test_a_class_that_only_one_validation_photo_shows_is_no_number_that_is_not_one():
    learned, held = sides()
    held = Seen(
        np.pad(held.logits, ((0, 0), (0, 1))),
        held.embeddings,
        np.where(np.arange(60) == 5, 6, held.truth),
    )
    learned = replace(learned, logits=np.pad(learned.logits, ((0, 0), (0, 1))))
    found = refitted(learned, replace(held, logits=-held.logits), range(60))
    assert np.isfinite(found.held).all() and found.held[5].argmin() == 6


def test_without_photos_on_either_side_nothing_is_fitted():
    learned, held = sides()
    nothing = Seen(np.zeros((0, CLASSES)), np.zeros((0, 12)), np.zeros(0, int))
    assert refitted(learned, nothing, []) is refitted(nothing, held, range(60)) is None
