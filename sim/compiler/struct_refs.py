"""Named tuples of arrays passed to compiled code by reference, so that kernels stay small and quick to compile.

numba passes a named tuple by value: with the twenty-odd arrays of a world that is hundreds of machine arguments a
call, minutes of compilation, and reference counts touched at every call. `passed_by_reference` gives a named tuple
class a numba type of its own, whose native value is one pointer to a struct of array descriptors on the caller's
stack. Source code is the same compiled or interpreted: `world.organizations.stress[i]`.
"""

import hashlib
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np import arrayobj

from sim.compiler.jit import compiled_as


class Shape(NamedTuple):
    """How one array of a named tuple is declared: see `of`."""

    kind: Any  # numpy's name of the type, or the class of a nested named tuple
    dimensions: tuple[str | int, ...]
    is_working: bool

    def measure(self, sizes: dict[str, int]) -> tuple[int, ...]:
        """Return the array's shape where each named dimension has the size given."""
        return tuple(sizes[one] if isinstance(one, str) else one for one in self.dimensions)


def of(kind: Any, *dimensions: str | int, is_working: bool = False) -> Any:
    """Declare an array of a named tuple: its kind and its dimensions, by name or number.

    is_working: of a nested named tuple, whether it is working space, which keeps nothing from one process to the next.
    """
    return Shape(kind, dimensions, is_working)


def list_shapes(tuple_class: Any) -> dict[str, Shape]:
    """Return what is declared of each field of a named tuple class."""
    return tuple_class._field_defaults


def allocate(tuple_class: Any, sizes: dict[str, int]) -> Any:
    """Return a named tuple of zeroed arrays, nested ones too, where each named dimension has the size given."""
    return tuple_class(
        *(
            np.zeros(shape.measure(sizes), shape.kind) if shape.dimensions else allocate(shape.kind, sizes)
            for shape in list_shapes(tuple_class).values()
        )
    )


class Reference(types.Type):
    """The numba type of a named tuple passed by reference; fields: ((name, numba type), ...)."""

    def __init__(self, name, fields):
        """Name the type by its class and a digest of its fields' types, so that equal layouts share compiled code.

        The name stands in the symbol of every function that takes the type, so a short one compiles faster.
        """
        self.fields, self.class_name = fields, name
        digest = hashlib.blake2b(repr(fields).encode(), digest_size=6).hexdigest()
        super().__init__(name=f"{name}_{digest}")


@register_model(Reference)
class _ReferenceModel(models.OpaqueModel):
    """One opaque pointer."""


@infer_getattr
class _ReferenceAttributes(AttributeTemplate):
    key = Reference

    def generic_resolve(self, reference, attribute):
        return dict(reference.fields).get(attribute)


def get_struct(context, reference):
    """Return the machine type of the struct of array descriptors."""
    return ir.LiteralStructType([context.get_value_type(kind) for _, kind in reference.fields])


@unbox(Reference)
def _unbox_reference(reference, instance, c):
    """Write the descriptors of all fields to the caller's stack and return a pointer to them."""
    slot = cgutils.alloca_once(c.builder, get_struct(c.context, reference))
    is_error = cgutils.false_bit
    for index, (name, kind) in enumerate(reference.fields):
        item = c.pyapi.object_getattr_string(instance, name)
        native = c.unbox(kind, item)
        c.builder.store(native.value, cgutils.gep_inbounds(c.builder, slot, 0, index))
        is_error = c.builder.or_(is_error, native.is_error)
        c.pyapi.decref(item)  # the named tuple itself keeps its fields alive during the call
    pointer = c.builder.bitcast(slot, c.context.get_value_type(reference))
    return NativeValue(pointer, is_error=is_error)


@lower_getattr_generic(Reference)
def _get_field(context, builder, reference, value, attribute):
    """Read a field's descriptor, part by part: the optimiser forgets of a whole that it never changes.

    Descriptors never change during a call, so that the optimiser may keep them in registers. Of arrays in rows, which
    all are that `allocate` makes, strides follow from shapes: so it knows that neighbours lie beside each other.
    """
    names = [name for name, _ in reference.fields]
    struct = builder.bitcast(value, get_struct(context, reference).as_pointer())
    place = cgutils.gep_inbounds(builder, struct, 0, names.index(attribute))
    kind = reference.fields[names.index(attribute)][1]

    def read(*path):
        item = builder.load(cgutils.gep_inbounds(builder, place, 0, *path))
        item.set_metadata("invariant.load", builder.module.add_metadata([]))
        return item

    if not isinstance(kind, types.Array) or kind.layout != "C":
        return read()
    found = context.make_array(kind)(context, builder)
    position = context.data_model_manager[kind].get_field_position
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    extents = [read(position("shape"), axis) for axis in range(kind.ndim)]
    steps = [size]
    for extent in reversed(extents[1:]):
        steps.insert(0, builder.mul(steps[0], extent))
    arrayobj.populate_array(
        found,
        data=read(position("data")),
        shape=cgutils.pack_array(builder, extents),
        strides=cgutils.pack_array(builder, steps),
        itemsize=size,
        meminfo=None,
    )
    return found._getvalue()


def _build_hold(typing_context, record):
    def build(context, builder, signature, arguments):
        words = ir.ArrayType(ir.IntType(64), -(-record.size // 8))
        slot = builder.bitcast(cgutils.alloca_once(builder, words), arguments[0].type)
        n_bytes = context.get_constant(types.intp, record.size)
        cgutils.raw_memcpy(builder, slot, arguments[0], n_bytes, 1)
        return slot

    return record(record), build


@compiled_as(_build_hold)
def hold(record):
    """Return a record of numbers, to be read only: in compiled code a copy of it on the stack.

    No array can overlap the copy, as for all that the optimiser knows one might overlap the record itself: so a loop
    that writes arrays keeps the numbers in registers, and may run in vectors. Only what is read gets copied.
    """
    return record


def _build_copy(typing_context, source, target):
    def build(context, builder, signature, arguments):
        for name, kind in source.fields:
            ends = []
            for reference, value in zip(signature.args, arguments, strict=True):
                item = _get_field(context, builder, reference, value, name)
                ends.append(context.make_array(dict(reference.fields)[name])(context, builder, item))
            size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
            n_items = context.get_constant(types.intp, 1)
            for extent in cgutils.unpack_tuple(builder, ends[0].shape, kind.ndim):
                n_items = builder.mul(n_items, extent)
            cgutils.raw_memcpy(builder, ends[1].data, ends[0].data, n_items, size)
        return context.get_dummy_value()

    return types.void(source, target), build


@compiled_as(_build_copy)
def copy_arrays(source, target):
    """Copy every array of a named tuple to the one of the same name and shape in another. Writes target."""
    for kept, array in zip(source, target, strict=True):
        array[...] = kept


CLASSES: dict[str, Any] = {}  # by name, all that are registered


def passed_by_reference(tuple_class):
    """Register a `typing.NamedTuple` of arrays (or of such tuples) to be passed to kernels by reference."""
    CLASSES[tuple_class.__name__] = tuple_class

    @typeof_impl.register(tuple_class)
    def _typeof(value, c):
        fields = tuple((name, typeof_impl(item, c)) for name, item in zip(value._fields, value, strict=True))
        return Reference(tuple_class.__name__, fields)

    return tuple_class
