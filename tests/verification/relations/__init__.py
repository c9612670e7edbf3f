"""Metamorphic relations of the model, each tried over at least fifty random worlds."""
