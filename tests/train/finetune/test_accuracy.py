def test_evaluate_computes_top_accuracies_without_the_hub(tmp_path):
    from train.finetune.accuracy import TopAccuracy  # imports transformers: seconds

    metric = TopAccuracy(cache_dir=str(tmp_path))
    scores = [[0.1, 0.9, 0.0, 0.0, 0.0, 0.0], [0.3, 0.2, 0.1, 0.0, 0.25, 0.15]]
    assert metric.compute(predictions=scores, references=[1, 2]) == {
        "top1": 0.5,
        "top3": 0.5,
        "top5": 1.0,
    }
