import torch

from train.finetune.schedule import plan_from_scratch
from train.models.heads import Answering
from train.models.small_cnn import FRAMING, small_network


def test_the_baseline_is_small_and_the_same_for_the_same_seed():
    one = small_network({0: "a", 1: "b"}, 3)
    two = small_network({0: "a", 1: "b"}, 3)
    assert 300_000 < sum(parameter.numel() for parameter in one.parameters()) < 600_000
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_it_answers_like_any_other_model_logits_and_embedding():
    model = small_network({0: "a", 1: "b", 2: "c"}, 0).eval()
    with torch.inference_mode():
        logits, embedding, _ = Answering(model)(torch.zeros(2, 3, FRAMING.size, FRAMING.size))
    assert logits.shape == (2, 3) and embedding.shape == (2, 128)


def test_everything_learns_and_few_photos_are_seen_often():
    plan = plan_from_scratch(100, 96)
    assert plan.blocks == 0 and plan.epochs == 60
    assert (
        plan_from_scratch(100_000, 96).epochs == 10
        and plan_from_scratch(5, 96, epochs=2).epochs == 2
    )
