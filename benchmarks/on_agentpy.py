"""The reference model on AgentPy: the very same rules, over AgentPy's Model, Agent and AgentList.

The reference takes two classes from Mesa, Model and Agent. Its files are loaded a second time with AgentPy's in their
place, so that not a line of a rule is written again. AgentPy brings what Mesa brings and no more: agents with ids, and
a simulation that is set up and stepped. Three names of the reference stand on AgentPy's own, which costs AgentPy
nothing: `run` and `log` of the model, `record` of an organization; the run is therefore driven by `sim_setup` and
`sim_step`, which AgentPy's `run` calls, without a progress line and without its table of outputs.
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.schema.parameters import Parameters


def load_model() -> type:
    """Return the reference's model class over AgentPy. Raises ImportError where AgentPy is not installed."""
    import agentpy  # pyright: ignore[reportMissingImports]

    class Model(agentpy.Model):
        """What stands for mesa.Model."""

        def __init__(self) -> None:
            super().__init__()
            del self.__dict__["log"]  # AgentPy's records of the model, which hide the reference's method

        def setup(self) -> None:
            """Keep the agents as AgentPy keeps them."""
            self.organizations = agentpy.AgentList(self, self.organizations)

    class Agent(agentpy.Agent):
        """What stands for mesa.Agent."""

        def remove(self) -> None:
            """AgentPy keeps no list of all agents to take this one from."""

    stand_in = types.ModuleType("mesa")
    stand_in.Model, stand_in.Agent = Model, Agent  # pyright: ignore[reportAttributeAccessIssue]
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_of_reference(name)}
    kept |= {"mesa": sys.modules["mesa"]} if "mesa" in sys.modules else {}
    sys.modules["mesa"] = stand_in
    try:
        return importlib.import_module("tests.verification.reference.model").ReferenceModel
    finally:
        for name in [name for name in sys.modules if name == "mesa" or _is_of_reference(name)]:
            del sys.modules[name]
        sys.modules.update(kept)


def _is_of_reference(name: str) -> bool:
    return name == "tests.verification.reference" or name.startswith("tests.verification.reference.")


def run(model_class: type, parameters: Parameters, seed: int) -> Any:
    """Return the model after one run."""
    model = model_class(parameters, seed)
    model.sim_setup(parameters.months, seed)
    while model.running:
        model.sim_step()
    return model
