"""A model that answers: engines, embeddings, model folder, photo index, predictor."""
