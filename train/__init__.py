"""Photos and labels become a model; a model answers about photos.

python -m train DATASET MODEL
"""
