"""Imported once by the process that others are forked from: everything they need is then loaded already."""

import pandas  # noqa: F401
import pytest  # noqa: F401

from tests.verification.relations.worker import describe, make_model
from tests.worlds import make_world, run_world

run_world(make_world(0, max_months=2))
model = make_model(make_world(0, max_months=2))
model.run(1)
describe(model)
