"""Many localities in one named tuple: each array holds the blocks of all of them in a row, and a window shows one.

A kernel cannot tell a window from a named tuple of one locality's own arrays, so it need not know how many there are.
"""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, typing
from numba.np import arrayobj

from sim.compiler.jit import compiled_as
from sim.compiler.struct_refs import CLASSES, Reference, get_struct, list_shapes, of, passed_by_reference

DIMENSIONS: tuple[str, ...] = ("n", "C", "K", "G", "S", "M", "T", "E", "Q", "O")
CACHE_LINE = 8  # numbers of eight bytes: workers that write side by side would slow each other down


@passed_by_reference
class Places(NamedTuple):
    """Where the blocks of L localities begin. B is the number of different shapes among the arrays."""

    sizes: np.ndarray = of("i8", "L", len(DIMENSIONS))  # of the dimensions, in the order of DIMENSIONS
    starts: np.ndarray = of("i8", "L", "B")  # first number of the block, by shape
    strides: np.ndarray = of("i8", "B")  # numbers between the working space of two workers


def list_blocks() -> dict[tuple[str | int, ...], int]:
    """Return the different shapes among all arrays that windows show, each with its column in `Places.starts`."""
    shapes = (shape.dimensions for one in CLASSES.values() if one is not Places for shape in list_shapes(one).values())
    return {dimensions: column for column, dimensions in enumerate(dict.fromkeys(one for one in shapes if one))}


def find_places(sizes: list[dict[str, int]]) -> Places:
    """Return where the blocks of localities of these sizes begin, one after another."""
    table = np.array([[one[name] for name in DIMENSIONS] for one in sizes], "i8")
    blocks = np.ones((len(sizes), len(list_blocks())), "i8")
    for dimensions, column in list_blocks().items():
        for one in dimensions:
            blocks[:, column] *= table[:, DIMENSIONS.index(one)] if isinstance(one, str) else one
    largest = blocks.max(axis=0)
    ends = np.vstack([np.zeros_like(largest), blocks.cumsum(axis=0)])
    return Places(table, ends, largest + -largest % CACHE_LINE + CACHE_LINE)


def allocate_blocks(tuple_class: Any, places: Places, n_workers: int, is_working: bool = False) -> Any:
    """Return a named tuple of flat zeroed arrays for the blocks of all localities; working space for each worker."""
    found = []
    for shape in list_shapes(tuple_class).values():
        if not shape.dimensions:
            found.append(allocate_blocks(shape.kind, places, n_workers, shape.is_working))
            continue
        column = list_blocks()[shape.dimensions]
        count = n_workers * places.strides[column] if is_working else places.starts[-1, column]
        found.append(np.zeros(count, shape.kind))
    return tuple_class(*found)


def view_locality(blocks: Any, places: Places, at: int, worker: int = 0, is_working: bool = False) -> Any:
    """Return the named tuple of locality `at`, whose arrays are views of `blocks`."""
    found = []
    sizes = dict(zip(DIMENSIONS, places.sizes[at].tolist(), strict=True))
    for shape, item in zip(list_shapes(type(blocks)).values(), blocks, strict=True):
        if not shape.dimensions:
            found.append(view_locality(item, places, at, worker, shape.is_working))
            continue
        column, wanted = list_blocks()[shape.dimensions], shape.measure(sizes)
        start = worker * places.strides[column] if is_working else places.starts[at, column]
        found.append(item[start : start + np.prod(wanted, dtype=int)].reshape(wanted))
    return type(blocks)(*found)


def _window_type(blocks: Reference) -> Reference:
    """Return the type of one locality's named tuple of the blocks' type."""
    fields = []
    for (name, kind), shape in zip(blocks.fields, list_shapes(CLASSES[blocks.class_name]).values(), strict=True):
        if shape.dimensions:
            fields.append((name, types.Array(kind.dtype, len(shape.dimensions), "C")))
        else:
            fields.append((name, _window_type(kind)))
    return Reference(blocks.class_name, tuple(fields))


def _window_struct(context, window_type):
    """Return the machine type of a window: its struct, then the windows nested in it."""
    nested = [_window_struct(context, kind) for _, kind in window_type.fields if isinstance(kind, Reference)]
    return ir.LiteralStructType([get_struct(context, window_type), *nested])


def _declare_filler(context, module, blocks_type):
    """Return the function that fills a window, one in each module: what it does is long and called at many places."""
    name, pointer, word = f"window_{blocks_type.name}", ir.IntType(8).as_pointer(), context.get_value_type(types.intp)
    if name in module.globals:
        return module.globals[name]
    rows = [word.as_pointer()] * 3
    filler = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer, pointer, *rows, word]), name)
    filler.linkage = "linkonce_odr"
    filler.attributes.add("noinline")
    builder = ir.IRBuilder(filler.append_basic_block())
    slot, blocks, *places = filler.args
    struct = _window_struct(context, _window_type(blocks_type)).as_pointer()
    _fill_window(context, builder, blocks_type, builder.bitcast(slot, struct), blocks, *places)
    builder.ret_void()
    return filler


def _fill_window(context, builder, blocks_type, slot, blocks, sizes, starts, strides, worker, *, is_working=False):
    """Write the descriptors of one locality's arrays to a window."""
    window_type, n_nested = _window_type(blocks_type), 0
    source = builder.bitcast(blocks, get_struct(context, blocks_type).as_pointer())
    columns, word = list_blocks(), context.get_value_type(types.intp)
    shapes = list_shapes(CLASSES[blocks_type.class_name]).values()
    for index, ((_, kind), (_, wanted), shape) in enumerate(
        zip(blocks_type.fields, window_type.fields, shapes, strict=True)
    ):
        item = builder.load(cgutils.gep_inbounds(builder, source, 0, index))
        if not shape.dimensions:
            n_nested += 1
            nested = cgutils.gep_inbounds(builder, slot, 0, n_nested)
            _fill_window(
                context, builder, kind, nested, item, sizes, starts, strides, worker, is_working=shape.is_working
            )
            nested = builder.bitcast(nested, context.get_value_type(wanted))
            builder.store(nested, cgutils.gep_inbounds(builder, slot, 0, 0, index))
            continue
        flat = context.make_array(kind)(context, builder, item)
        array = context.make_array(wanted)(context, builder)
        column = ir.Constant(word, columns[shape.dimensions])
        if is_working:
            start = builder.mul(worker, builder.load(builder.gep(strides, [column])))
        else:
            start = builder.load(builder.gep(starts, [column]))
        extents = [
            builder.load(builder.gep(sizes, [ir.Constant(word, DIMENSIONS.index(one))]))
            if isinstance(one, str)
            else ir.Constant(word, one)
            for one in shape.dimensions
        ]
        size = ir.Constant(word, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
        steps = [size]
        for extent in reversed(extents[1:]):
            steps.insert(0, builder.mul(steps[0], extent))
        arrayobj.populate_array(
            array,
            data=builder.gep(flat.data, [start]),
            shape=cgutils.pack_array(builder, extents),
            strides=cgutils.pack_array(builder, steps),
            itemsize=size,
            meminfo=None,
        )
        builder.store(array._getvalue(), cgutils.gep_inbounds(builder, slot, 0, 0, index))


def _hide_origin(builder, pointer):
    """Return the pointer as one the optimiser knows nothing of, after all that was written before.

    It takes for granted that what stands behind such a pointer never changes (`struct_refs.py`), which holds for each
    window but not for the place on the stack where one follows another.
    """
    kind = ir.FunctionType(pointer.type, [pointer.type])
    return builder.asm(kind, "", "=r,0,~{memory}", [pointer], True)  # no instruction, only a veil


def _build_window(typing_context, blocks, places, at, worker):
    def build(context, builder, signature, arguments):
        blocks_type, places_type = signature.args[:2]
        table = builder.bitcast(arguments[1], get_struct(context, places_type).as_pointer())
        rows = []
        for index, (_, kind) in enumerate(places_type.fields):
            item = builder.load(cgutils.gep_inbounds(builder, table, 0, index))
            array = context.make_array(kind)(context, builder, item)
            is_by_locality = kind.ndim == 2
            step = builder.mul(arguments[2], builder.extract_value(array.shape, 1)) if is_by_locality else None
            rows.append(builder.gep(array.data, [step]) if is_by_locality else array.data)
        slot = cgutils.alloca_once(builder, _window_struct(context, _window_type(blocks_type)))
        found = builder.bitcast(slot, ir.IntType(8).as_pointer())
        filler = _declare_filler(context, builder.module, blocks_type)
        builder.call(filler, [found, builder.bitcast(arguments[0], found.type), *rows, arguments[3]])
        return _hide_origin(builder, builder.bitcast(found, context.get_value_type(_window_type(blocks_type))))

    signature = typing.templates.signature(_window_type(blocks), blocks, places, types.intp, types.intp)
    return signature, build


@compiled_as(_build_window)
def window(blocks, places, at, worker):
    """Return the named tuple of locality `at`, in compiled code on the caller's stack."""
    return view_locality(blocks, places, at, worker)
