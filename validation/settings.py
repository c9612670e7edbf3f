"""From one parameter set of the ensemble to prepared runs: which regime, what is changed, null model or not."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.configuration import compose
from sim.configuration.designs import get_value, set_values
from sim.engine.batch import Recorded, prepare, run_compiled
from sim.engine.inputs import Inputs
from sim.schema.parameters import Parameters, declarations

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOM_FOR_EVENTS = 4096
_DECLARED = dict(declarations())


@functools.cache
def _compose(words: str) -> Parameters:
    return compose(words.split()).parameters


def change_parameters(parameters: Parameters, values: Mapping[str, Any]) -> Parameters:
    """Return the parameters with other values by dotted name, each of the kind it was, held inside its range."""
    typed = {}
    for name, value in values.items():
        present, allowed = get_value(parameters, name), _DECLARED[name].metadata
        if "low" in allowed:
            value = min(max(value, allowed["low"]), allowed["high"])
        typed[name] = round(value) if type(present) is int else type(present)(value)
    return set_values(parameters, typed)


@dataclass
class Setting:
    """One parameter set, with the null model or without; builds what each pattern runs.

    values: by dotted name, as in a row of the ensemble.
    """

    values: Mapping[str, float]
    is_null: bool = False
    _prepared: dict[str, Inputs] = field(default_factory=dict)

    def build(
        self,
        words: str,
        values: Mapping[str, Any] | None = None,
        shifts: Mapping[str, float] | None = None,
        factors: Mapping[str, float] | None = None,
    ) -> Parameters:
        """Return parameters: the words of a command line, then the set, then what an arm changes.

        values: put in place. shifts: added to the set's own. factors: the set's own times these.
        """
        parameters = change_parameters(_compose(words), self.values)
        changed = {name: get_value(parameters, name) + step for name, step in (shifts or {}).items()}
        changed |= {name: get_value(parameters, name) * factor for name, factor in (factors or {}).items()}
        return change_parameters(parameters, changed | dict(values or {}) | {"mechanisms.null_model": self.is_null})

    def prepare(self, parameters: Parameters) -> Inputs:
        """Return inputs of runs; what was prepared for the same regime before is used again."""
        name = parameters.regime.name
        inputs = prepare(parameters, max_events=ROOM_FOR_EVENTS, before=self._prepared.get(name))
        if not isinstance(inputs, Inputs):
            raise TypeError(f"validation runs one city at a time, not {parameters.field.n_localities} localities")
        self._prepared[name] = inputs
        return inputs

    @contextmanager
    def prepare_seated(self, parameters: Parameters, member: NDArray[Any]) -> Iterator[Inputs]:
        """Yield inputs whose runs start with these coalitions instead of any that would form. member: (M, n) bool."""
        inputs = self.prepare(parameters)
        unseated = inputs.roster
        inputs.roster = unseated._replace(member=member)
        try:
            yield inputs
        finally:
            inputs.roster = unseated

    def run(self, parameters: Parameters, seeds: list[int], **kept: bool) -> Recorded:
        """Run the seeds; see `sim.engine.batch.run_compiled` for what may be kept."""
        return run_compiled(self.prepare(parameters), seeds, **{"keep_events": False, **kept})
