"""The reference: the model a second time, written from docs/odd.md alone, in plain Python with Mesa agents."""

from tests.verification.reference.model import ReferenceModel

__all__ = ["ReferenceModel"]
