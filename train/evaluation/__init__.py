"""How good a model is: the sealed test, results, charts, comparisons, what labels bought."""
