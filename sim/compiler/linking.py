"""How kernels are put together to machine code, so that none of it is made twice and most of it side by side.

numba makes machine code of every function, and optimises each anew with all it calls, at every level of calls. Here
a kernel that only kernels call (a part) stays as it was written down for the optimiser. Machine code is made of kernels
compiled apart (the processes of a month) and of those that Python calls, each once with all the parts it is made of.
Code compiled apart is not copied into its callers: what is cached of a caller carries it along and loads it first.

This leans on numba's inside, so it is left aside where numba is of another version than those it was written for.
"""

from typing import Any, ClassVar

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba.core.codegen import CPUCodeLibrary, JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import cpu_target

# How numba begins the names of kernels, of the places of their environments, and of what is found only at run time.
KERNEL, ENVIRONMENT, UNRESOLVED = "_ZN", "_ZN08NumbaEnv", ".numba.unresolved$"


class _Linked(JITCodeLibrary):
    """Code that knows which machine code must be loaded before it."""

    def _find_needs(self):
        """Note what is called of the machine code compiled apart, however this process came by it."""
        for function in self._final_module.functions:
            if function.is_declaration and function.name.startswith(KERNEL):
                if function.name not in MachineCode.loaded:
                    raise RuntimeError(f"{self.name}: {function.name} has not been loaded")
                self._reload_init.add(MachineCode.loaded[function.name])

    def _keep_parts(self):
        """Hide the parts, or the loader would take those not optimised for this kernel."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == llvm.Linkage.linkonce_odr:
                function.linkage = llvm.Linkage.internal


class Whole(_Linked):
    """The code of a kernel that Python calls, with all the parts it is made of."""

    def _optimize_final_module(self):
        self._find_needs()
        self._keep_parts()
        super()._optimize_final_module()


class Part(_Linked):
    """The code of a kernel that only other kernels call: left as it is, for it is optimised within those."""

    def _optimize_final_module(self):
        """Leave the code as it is."""
        self._find_needs()

    def _finalize_final_module(self):
        """Give numba for machine code what it writes to: the places of environments, which tell of errors."""
        code, names = self._final_module, [one.name for one in self._final_module.global_variables]
        if any(name.startswith(UNRESOLVED) for name in names):
            raise NotImplementedError(f"{self.name}: kernels cannot call themselves")
        places = self._codegen._create_empty_module(self.name)
        for name in names:
            if name.startswith(ENVIRONMENT):
                place = ir.GlobalVariable(places, ir.IntType(8).as_pointer(), name)
                place.linkage, place.initializer = "common", ir.Constant(place.value_type, None)  # pyright: ignore[reportAttributeAccessIssue]
        self._final_module = llvm.parse_assembly(str(places))
        super()._finalize_final_module()
        self._final_module = code
        self._finalize_dynamic_globals()

    def _get_module_for_linking(self):
        """Return the code itself: as no machine code is made of it, it need not be copied before it is marked."""
        if self._shared_module is None:
            self._ensure_finalized()
            for function in self._final_module.functions:
                if not function.is_declaration and function.linkage == llvm.Linkage.external:
                    function.linkage = llvm.Linkage.linkonce_odr
            self._shared_module = self._final_module
        return self._shared_module


class Apart(Part):
    """The code of a kernel compiled apart: its callers are linked to its machine code."""

    def _optimize_final_module(self):
        self._find_needs()
        self._keep_parts()
        CPUCodeLibrary._optimize_final_module(self)

    def _finalize_final_module(self):
        super()._finalize_final_module()
        defined = (one for one in self._final_module.functions if not one.is_declaration)
        (symbol,) = [one.name for one in defined if one.linkage == llvm.Linkage.external]
        code = self._codegen._tm.emit_object(self._final_module)
        found = MachineCode(symbol, code, tuple(self._reload_init))
        found()
        self._reload_init = {found}

    def _get_module_for_linking(self):
        """Return nothing to copy into callers."""
        self._ensure_finalized()
        if self._shared_module is None:
            self._shared_module = llvm.parse_assembly(str(self._codegen._create_empty_module(self.name)))
        return self._shared_module


class MachineCode:
    """The machine code of a kernel compiled apart; called, it is loaded, after all that it calls."""

    loaded: ClassVar[dict[str, "MachineCode"]] = {}  # by symbol

    def __init__(self, symbol: str, code: bytes, needs: tuple["MachineCode", ...]):
        """Keep the code of one symbol, and what it needs."""
        self.symbol, self.code, self.needs = symbol, code, needs

    def __getstate__(self) -> Any:
        return self.symbol, self.code, self.needs

    def __setstate__(self, state: Any) -> None:
        self.symbol, self.code, self.needs = state

    def __call__(self) -> None:
        """Load it into this process, where that has not been done."""
        if self.symbol in self.loaded:
            return
        for one in self.needs:
            one()
        codegen = cpu_target.target_context.codegen()  # pyright: ignore[reportAttributeAccessIssue]
        nothing = llvm.parse_assembly(str(codegen._create_empty_module(self.symbol))).as_bitcode()
        self.library = codegen.unserialize_library((self.symbol, "object", (self.code, nothing)))
        self.loaded[self.symbol] = self


class _Compiler(Compiler):
    """Gives each kernel a library of one kind."""

    kind: Any

    def __init__(self, typing_context, target_context, library, *rest):
        """Begin to compile one kernel."""
        library = self.kind(target_context.codegen(), self.kind.__name__)
        library.enable_object_caching()
        super().__init__(typing_context, target_context, library, *rest)


KNOWN = ("0.68.",)  # versions of numba, by how they begin


def choose_compilers() -> dict[str, dict[str, Any]]:
    """Return numba's options for each kind of code: none where numba is to go its own way, which takes longer."""
    kinds = (Whole, Part, Apart) if numba.__version__.startswith(KNOWN) else ()
    return {kind.__name__: {"pipeline_class": type(kind.__name__, (_Compiler,), {"kind": kind})} for kind in kinds}
