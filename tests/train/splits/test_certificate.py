"""What a split promises survives as JSON."""

import json

from train.splits.certificate import Certificate


def test_a_certificate_comes_back_from_json():
    card = Certificate(seed=3, n={"test": 4}, weak=("a",), removed=("x", "y"), threshold=0.9)
    assert Certificate.from_json(json.loads(json.dumps(card.to_json()))) == card


def test_what_a_newer_version_adds_is_no_obstacle():
    assert Certificate.from_json({"seed": 1, "later": True}).seed == 1
