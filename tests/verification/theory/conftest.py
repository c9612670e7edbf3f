"""These checks take hundreds of thousands of draws: they need the compiled kernels."""

import pytest

from sim.compiler.jit import IS_COMPILED


def pytest_collection_modifyitems(items):
    if not IS_COMPILED:
        for item in items:
            if item.path.parent.name == "theory":
                item.add_marker(pytest.mark.skip(reason="interpreted, a hundred thousand draws take minutes"))
