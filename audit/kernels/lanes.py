"""The few machine operations that a loop over an array does not compile to.

In: arrays and places in them, as kernels hold them. Out: whole vectors loaded, compared
or copied at once. Each operation is plain LLVM, without the name of a processor: LLVM
picks the instructions of the machine that it compiles for, and the result is the same
on all. None checks bounds: the caller makes sure that what is read is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "address", "bytes_between", "copy_block", "copy_lower", "load", "popcount",
    "prefetch", "store", "trailing_zeros",
]  # fmt: skip

_BYTE, _INT32, _INT64 = (ir.IntType(n) for n in (8, 32, 64))

# What numba returns is called with other arguments than the function it decorates.
_operation: Any = intrinsic
_BLOCK = ir.VectorType(_BYTE, 64)
_Built = tuple[Any, "Callable[..., Any]"]


def address(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    """Return the address of an element of a contiguous array."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [place])


def load(builder: Any, address: Any, kind: Any) -> Any:
    """Load a value that need not be aligned."""
    return builder.load(builder.bitcast(address, kind.as_pointer()), align=1)


def store(builder: Any, value: Any, address: Any) -> None:
    """Store a value at an address that need not be aligned."""
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
        place = address(context, builder, signature.args[0], *args)
        place = builder.bitcast(place, _BYTE.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [place.type, *[_INT32] * 3])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        # For reading, into every level, as data.
        builder.call(hint, [place, *(ir.Constant(_INT32, n) for n in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.int64), build


@_operation
def bytes_between(_typing: Any, data: Any, _at: Any, _low: Any, _high: Any) -> _Built:
    """``bytes_between(data, at, low, high)``: which of 64 bytes are in a range.

    Bit i of the uint64 says whether ``low <= data[at + i] <= high`` (uint8).
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data, at, low, high = args
        block = load(
            builder, address(context, builder, signature.args[0], data, at), _BLOCK
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
        source = address(context, builder, signature.args[2], data, at)
        target = address(context, builder, signature.args[0], out, to)
        store(builder, load(builder, source, _BLOCK), target)
        return context.get_dummy_value()

    return types.void(out, types.int64, data, types.int64), build


@_operation
def copy_lower(_typing: Any, out: Any, _to: Any, data: Any, _at: Any) -> _Built:
    """``copy_lower(out, to, data, at)``: copy 16 bytes, letters of ASCII made small.

    Returns how many of them come before the first that is no letter of ASCII; what is
    written from that one on is of no use.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def every(byte: int) -> Any:
            return ir.Constant(few, [byte] * 16)

        out, to, data, at = args
        few, mask = ir.VectorType(_BYTE, 16), ir.IntType(16)
        source = address(context, builder, signature.args[2], data, at)
        small = builder.or_(load(builder, source, few), every(0x20))
        store(builder, small, address(context, builder, signature.args[0], out, to))
        place = builder.sub(small, every(0x61))
        other = builder.icmp_unsigned(">", place, every(0x19))
        bits = builder.zext(builder.bitcast(other, mask), _INT32)
        bits = builder.or_(bits, ir.Constant(_INT32, 1 << 16))
        count = builder.cttz(bits, ir.Constant(ir.IntType(1), 1))
        return builder.zext(count, _INT64)

    return types.int64(out, types.int64, data, types.int64), build


def _spread(builder: Any, byte: Any) -> Any:
    """Return 64 copies of a byte."""
    undefined = ir.Constant(_BLOCK, ir.Undefined)
    first = builder.insert_element(undefined, byte, ir.Constant(_INT32, 0))
    order = ir.Constant(ir.VectorType(_INT32, 64), [0] * 64)
    return builder.shuffle_vector(first, undefined, order)
