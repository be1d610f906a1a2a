"""Top-k accuracy as an `evaluate` metric that needs no Hub: `evaluate.load("accuracy")` fetches
a script, this is one.

    TopAccuracy().compute(predictions=[[.1, .9]], references=[1])
    # {"top1": 1.0, "top3": 1.0, "top5": 1.0}

Importing this room imports `evaluate` and `datasets` (about a second): do so inside functions.
"""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from train.statistics.metrics import top_k

DESCRIPTION = (
    "Share of photos whose true class is among the k likeliest, k = 1, 3, 5. Ties count as misses."
)


class TopAccuracy(evaluate.Metric):
    """predictions: (n, classes) scores; references: (n,) class numbers; answers top1, top3,
    top5."""

    def __init__(self, **settings: Any) -> None:
        # Kept in memory: the default writes a file into a shared cache, which two trainings would
        # fight over.
        super().__init__(keep_in_memory=True, **settings)

    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features(
            {
                "predictions": datasets.Sequence(datasets.Value("float32")),
                "references": datasets.Value("int64"),
            }
        )
        return evaluate.MetricInfo(description=DESCRIPTION, citation="", features=features)

    def _compute(self, predictions: list[list[float]], references: list[int]) -> dict[str, float]:
        scores = np.asarray(predictions)
        truth = np.asarray(references)
        return {f"top{k}": top_k(scores, truth, k) for k in (1, 3, 5)}
