"""The model as Mesa knows it."""

from sim.model.model import CoalitionModel

__all__ = ["CoalitionModel"]
