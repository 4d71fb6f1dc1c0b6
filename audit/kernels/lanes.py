"""The few machine operations that a loop over an array does not compile to.

In: arrays and places in them, as kernels hold them. Out: whole vectors loaded, compared
or added at once. Each operation is plain LLVM, without the name of a processor: LLVM
picks the instructions of the machine that it compiles for, and the result is the same
on all. None checks bounds: the caller makes sure that what is read is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "add_coded_eight", "add_eight", "bytes_between", "copy_block", "popcount",
    "prefetch", "trailing_zeros",
]  # fmt: skip

_FLOAT, _BYTE, _INT32, _INT64 = (
    ir.FloatType(), ir.IntType(8), ir.IntType(32), ir.IntType(64)
)  # fmt: skip
_PAIR, _FOUR, _EIGHT = (ir.VectorType(_FLOAT, n) for n in (2, 4, 8))

# What numba returns is called with other arguments than the function it decorates.
_operation: Any = intrinsic
_BLOCK = ir.VectorType(_BYTE, 64)
_Built = tuple[Any, "Callable[..., Any]"]


def _address(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    """Return the address of an element of a contiguous array."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [place])


def _load(builder: Any, address: Any, kind: Any) -> Any:
    """Load a value that need not be aligned."""
    return builder.load(builder.bitcast(address, kind.as_pointer()), align=1)


def _store(builder: Any, value: Any, address: Any) -> None:
    builder.store(value, builder.bitcast(address, value.type.as_pointer()), align=1)


@_operation
def popcount(_typing: Any, _value: Any) -> _Built:
    """``popcount(value)``: the bits set in a uint64."""

    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), build


@_operation
def trailing_zeros(_typing: Any, _value: Any) -> _Built:
    """``trailing_zeros(value)``: zeros below the lowest bit of a uint64; 64 for 0."""

    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), build


@_operation
def prefetch(_typing: Any, array: Any, _place: Any) -> _Built:
    """``prefetch(array, place)``: have the cache line of an element fetched.

    A hint: a place outside the array does no harm.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], *args)
        address = builder.bitcast(address, _BYTE.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [address.type, *[_INT32] * 3])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [address.type], kind)
        # For reading, into every level, as data.
        builder.call(hint, [address, *(ir.Constant(_INT32, n) for n in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.int64), build


@_operation
def bytes_between(_typing: Any, data: Any, _at: Any, _low: Any, _high: Any) -> _Built:
    """``bytes_between(data, at, low, high)``: which of 64 bytes are in a range.

    Bit i of the uint64 says whether ``low <= data[at + i] <= high`` (uint8).
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data, at, low, high = args
        block = _load(
            builder, _address(context, builder, signature.args[0], data, at), _BLOCK
        )
        above = builder.sub(block, _spread(builder, low))
        width = _spread(builder, builder.sub(high, low))
        inside = builder.icmp_unsigned("<=", above, width)
        return builder.bitcast(inside, _INT64)

    byte = types.uint8
    return types.uint64(data, types.int64, byte, byte), build


@_operation
def copy_block(_typing: Any, out: Any, _to: Any, data: Any, _at: Any) -> _Built:
    """``copy_block(out, to, data, at)``: copy 64 bytes."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        out, to, data, at = args
        source = _address(context, builder, signature.args[2], data, at)
        target = _address(context, builder, signature.args[0], out, to)
        _store(builder, _load(builder, source, _BLOCK), target)
        return context.get_dummy_value()

    return types.void(out, types.int64, data, types.int64), build


def _spread(builder: Any, byte: Any) -> Any:
    """Return 64 copies of a byte."""
    undefined = ir.Constant(_BLOCK, ir.Undefined)
    first = builder.insert_element(undefined, byte, ir.Constant(_INT32, 0))
    order = ir.Constant(ir.VectorType(_INT32, 64), [0] * 64)
    return builder.shuffle_vector(first, undefined, order)


@_operation
def add_eight(
    _typing: Any, rows: Any, places: Any, _begin: Any, _end: Any, _first: Any,
    _width: Any, out: Any, _at: Any,
) -> _Built:  # fmt: skip
    """``add_eight(rows, places, begin, end, first, width, out, at)``: sum some rows.

    Adds values ``first`` to ``first + 7`` of row p of a flat matrix of float32, each
    row ``width`` long, to ``out[at:at + 8]`` for each p of ``places[begin:end]``
    (int64), in that order.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows, places, begin, end, first, width, out, at = args
        rows_kind, places_kind, out_kind = (signature.args[i] for i in (0, 1, 6))
        target = _address(context, builder, out_kind, out, at)
        total = cgutils.alloca_once_value(builder, _load(builder, target, _EIGHT))
        with cgutils.for_range(builder, end, begin) as loop:
            place = builder.load(
                _address(context, builder, places_kind, places, loop.index)
            )
            start = builder.add(builder.mul(place, width), first)
            row = _load(
                builder, _address(context, builder, rows_kind, rows, start), _EIGHT
            )
            builder.store(builder.fadd(builder.load(total), row), total)
        _store(builder, builder.load(total), target)
        return context.get_dummy_value()

    number = types.int64
    return types.void(
        rows, places, number, number, number, number, out, number
    ), build  # fmt: skip


@_operation
def add_coded_eight(
    _typing: Any, codes: Any, values: Any, norms: Any, places: Any, _begin: Any,
    _end: Any, _first: Any, _width: Any, out: Any, _at: Any,
) -> _Built:  # fmt: skip
    """``add_coded_eight(codes, values, norms, places, begin, end, first, ...)``.

    As `add_eight`, of rows of ``width`` uint8 codes that stand for two float32 each:
    ``norms[p] * values[512 * m + 2 * code:][:2]`` for code m of row p, of which those
    from ``first`` to ``first + 3`` are added. One norm serves all rows if it is alone.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        names = "codes", "values", "norms", "places"
        kinds = dict(zip(names, signature.args[:4], strict=True))
        codes, values, norms, places, begin, end, first, width, out, at = args
        one = ir.Constant(_INT64, 1)
        alone = builder.icmp_signed(
            "==",
            context.make_array(kinds["norms"])(context, builder, norms).nitems,
            one,
        )
        target = _address(context, builder, signature.args[8], out, at)
        total = cgutils.alloca_once_value(builder, _load(builder, target, _EIGHT))
        table = _address(
            context, builder, kinds["values"], values,
            builder.mul(first, ir.Constant(_INT64, 512)),
        )  # fmt: skip
        with cgutils.for_range(builder, end, begin) as loop:
            row = builder.load(
                _address(context, builder, kinds["places"], places, loop.index)
            )
            place = builder.select(alone, ir.Constant(_INT64, 0), row)
            norm = builder.load(
                _address(context, builder, kinds["norms"], norms, place)
            )
            start = builder.add(builder.mul(row, width), first)
            code_at = _address(context, builder, kinds["codes"], codes, start)
            pairs = []
            for m in range(4):
                code = builder.load(builder.gep(code_at, [ir.Constant(_INT64, m)]))
                offset = builder.add(
                    builder.shl(builder.zext(code, _INT64), one),
                    ir.Constant(_INT64, 512 * m),
                )
                pairs.append(_load(builder, builder.gep(table, [offset]), _PAIR))
            row_values = _joined(builder, pairs)
            factor = builder.shuffle_vector(
                builder.insert_element(
                    ir.Constant(_EIGHT, ir.Undefined), norm, ir.Constant(_INT32, 0)
                ),
                ir.Constant(_EIGHT, ir.Undefined),
                ir.Constant(ir.VectorType(_INT32, 8), [0] * 8),
            )
            scaled = builder.fmul(factor, row_values)
            builder.store(builder.fadd(builder.load(total), scaled), total)
        _store(builder, builder.load(total), target)
        return context.get_dummy_value()

    number = types.int64
    return types.void(
        codes, values, norms, places, number, number, number, number, out, number
    ), build  # fmt: skip


def _joined(builder: Any, parts: list[Any]) -> Any:
    """Return vectors one after the other as one."""
    while len(parts) > 1:
        size = 2 * parts[0].type.count
        order = ir.Constant(ir.VectorType(_INT32, size), list(range(size)))
        parts = [
            builder.shuffle_vector(a, b, order)
            for a, b in zip(parts[::2], parts[1::2], strict=True)
        ]
    return parts[0]
