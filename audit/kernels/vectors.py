"""Numbers added, rounded and hashed whole vectors at a time.

In: arrays and places in them, as kernels hold them. Out: values in place. As in
`audit.kernels.lanes`, each operation is plain LLVM, the same on every processor, and
checks no bounds. No product is joined with a sum (no fused multiply-add), so floats
round alike everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from audit.kernels.lanes import address, load, store

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "LANES", "add_bytes", "add_coded", "add_counts", "add_eight", "add_sixteen",
    "every", "find_eight", "grow_hashes", "remainders", "round_values", "rounded",
    "spread", "widen",
]  # fmt: skip

# Numbers that most operations take at a time.
LANES = 16

_FLOAT, _BYTE, _INT32, _INT64 = (
    ir.FloatType(), ir.IntType(8), ir.IntType(32), ir.IntType(64)
)  # fmt: skip
_PAIR = ir.VectorType(_FLOAT, 2)

# What numba returns is called with other arguments than the function it decorates.
_operation: Any = intrinsic
_Built = tuple[Any, "Callable[..., Any]"]
_NUMBER = types.int64


def spread(builder: Any, value: Any, n: int) -> Any:
    """Return a vector of n copies of a value."""
    undefined = ir.Constant(ir.VectorType(value.type, n), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_INT32, 0))
    order = ir.Constant(ir.VectorType(_INT32, n), [0] * n)
    return builder.shuffle_vector(first, undefined, order)


def every(kind: Any, n: int, value: Any) -> Any:
    """Return a constant vector."""
    return ir.Constant(ir.VectorType(kind, n), [value] * n)


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


@_operation
def find_eight(_typing: Any, table: Any, _at: Any, _key: Any, _mask: Any) -> _Built:
    """``find_eight(table, at, key, mask)``: which of eight uint64 equal a key.

    Bit i says whether ``table[at + i]`` and ``key`` agree in the bits of ``mask``.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        table, at, key, mask = args
        there = address(context, builder, signature.args[0], table, at)
        eight = load(builder, there, ir.VectorType(_INT64, 8))
        other = builder.xor(eight, spread(builder, key, 8))
        other = builder.and_(other, spread(builder, mask, 8))
        equal = builder.icmp_unsigned("==", other, every(_INT64, 8, 0))
        return builder.zext(builder.bitcast(equal, _BYTE), _INT64)

    number = types.uint64
    return types.uint64(table, _NUMBER, number, number), build


def _adder(lanes: int) -> Any:
    vector = ir.VectorType(_FLOAT, lanes)

    def operation(
        _typing: Any, rows: Any, places: Any, _begin: Any, _end: Any, _first: Any,
        _width: Any, out: Any, _at: Any,
    ) -> _Built:  # fmt: skip
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            rows, places, begin, end, first, width, out, at = args
            rows_kind, places_kind, out_kind = (signature.args[i] for i in (0, 1, 6))
            target = address(context, builder, out_kind, out, at)
            total = cgutils.alloca_once_value(builder, load(builder, target, vector))
            with cgutils.for_range(builder, end, begin) as loop:
                place = builder.load(
                    address(context, builder, places_kind, places, loop.index)
                )
                start = builder.add(builder.mul(place, width), first)
                row = load(
                    builder, address(context, builder, rows_kind, rows, start), vector
                )
                builder.store(builder.fadd(builder.load(total), row), total)
            store(builder, builder.load(total), target)
            return context.get_dummy_value()

        return types.void(
            rows, places, _NUMBER, _NUMBER, _NUMBER, _NUMBER, out, _NUMBER
        ), build  # fmt: skip

    operation.__doc__ = f"""Add {lanes} values of some rows to those in ``out``.

    ``(rows, places, begin, end, first, width, out, at)``: adds values ``first`` and
    following of row p of a flat matrix of float32, each row ``width`` long, to those of
    ``out`` from ``at`` on, for each p of ``places[begin:end]`` (int64), in that order.
    """
    return _operation(operation)


add_eight, add_sixteen = _adder(8), _adder(16)


@_operation
def add_coded(
    _typing: Any, codes: Any, values: Any, norm_codes: Any, norms: Any, places: Any,
    _begin: Any, _end: Any, _first: Any, _width: Any, out: Any, _at: Any,
) -> _Built:  # fmt: skip
    """``add_coded(codes, values, norm_codes, norms, places, begin, end, first, ...)``.

    As `add_sixteen`, of rows of ``width`` uint8 codes that stand for two float32 each:
    ``norms[norm_codes[p]] * values[512 * m + 2 * code:][:2]`` for code m of row p, of
    which those from ``first`` to ``first + 7`` are added.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        names = "codes", "values", "norm_codes", "norms", "places"
        kinds = dict(zip(names, signature.args[:5], strict=True))
        codes, values, norm_codes, norms, places, begin, end, first = args[:8]
        width, out, at = args[8:]

        def number(value: int) -> Any:
            return ir.Constant(_INT64, value)

        def there(name: str, array: Any, place: Any) -> Any:
            return address(context, builder, kinds[name], array, place)

        target = address(context, builder, signature.args[9], out, at)
        vector = ir.VectorType(_FLOAT, LANES)
        total = cgutils.alloca_once_value(builder, load(builder, target, vector))
        table = there("values", values, builder.mul(first, number(512)))
        with cgutils.for_range(builder, end, begin) as loop:
            row = builder.load(there("places", places, loop.index))
            norm = builder.load(there("norm_codes", norm_codes, row))
            norm = builder.load(there("norms", norms, builder.zext(norm, _INT64)))
            start = builder.add(builder.mul(row, width), first)
            eight = load(builder, there("codes", codes, start), _INT64)
            pairs = []
            for m in range(8):
                # Pairs are eight bytes: the code, times two.
                code = builder.lshr(eight, number(8 * m - 1 if m else 0))
                code = code if m else builder.shl(code, number(1))
                code = builder.and_(code, number(0x1FE))
                offset = builder.add(code, number(512 * m))
                pairs.append(load(builder, builder.gep(table, [offset]), _PAIR))
            scaled = builder.fmul(spread(builder, norm, LANES), _joined(builder, pairs))
            builder.store(builder.fadd(builder.load(total), scaled), total)
        store(builder, builder.load(total), target)
        return context.get_dummy_value()

    return types.void(
        codes, values, norm_codes, norms, places, _NUMBER, _NUMBER, _NUMBER, _NUMBER,
        out, _NUMBER,
    ), build  # fmt: skip


@_operation
def round_values(
    _typing: Any, values: Any, _at: Any, _scale: Any, _limit: Any, out: Any, _to: Any
) -> _Built:
    """``round_values(values, at, scale, limit, out, to)``: floats as whole numbers.

    Writes sixteen float32, times ``scale``, rounded to the nearest int32 (half to
    even), those beyond the limit as the limit; what is no number counts as zero.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values, at, scale, limit, out, to = args
        vector = ir.VectorType(_FLOAT, LANES)
        there = address(context, builder, signature.args[0], values, at)
        value = builder.fmul(
            load(builder, there, vector), spread(builder, scale, LANES)
        )
        most = spread(builder, limit, LANES)
        least = builder.fneg(most)
        value = builder.select(builder.fcmp_ordered(">", value, most), most, value)
        value = builder.select(builder.fcmp_ordered("<", value, least), least, value)
        number = builder.fcmp_ordered("ord", value, value)
        value = builder.select(number, value, every(_FLOAT, LANES, 0.0))
        whole = builder.fptosi(rounded(builder, value), ir.VectorType(_INT32, LANES))
        store(builder, whole, address(context, builder, signature.args[4], out, to))
        return context.get_dummy_value()

    return types.void(
        values, _NUMBER, types.float32, types.float32, out, _NUMBER
    ), build  # fmt: skip


@_operation
def add_counts(
    _typing: Any, rows: Any, places: Any, _begin: Any, _end: Any, _first: Any,
    _width: Any, out: Any, _at: Any,
) -> _Built:  # fmt: skip
    """``add_counts(rows, places, begin, end, first, width, out, at)``.

    As `add_sixteen`, of int32 rows whose sum fits an int32, added to int64 values.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows, places, begin, end, first, width, out, at = args
        rows_kind, places_kind, out_kind = (signature.args[i] for i in (0, 1, 6))
        vector = ir.VectorType(_INT32, LANES)
        wide = ir.VectorType(_INT64, LANES)
        total = cgutils.alloca_once_value(builder, every(_INT32, LANES, 0))
        with cgutils.for_range(builder, end, begin) as loop:
            place = builder.load(
                address(context, builder, places_kind, places, loop.index)
            )
            start = builder.add(builder.mul(place, width), first)
            row = load(
                builder, address(context, builder, rows_kind, rows, start), vector
            )
            builder.store(builder.add(builder.load(total), row), total)
        target = address(context, builder, out_kind, out, at)
        more = builder.sext(builder.load(total), wide)
        store(builder, builder.add(load(builder, target, wide), more), target)
        return context.get_dummy_value()

    return types.void(
        rows, places, _NUMBER, _NUMBER, _NUMBER, _NUMBER, out, _NUMBER
    ), build  # fmt: skip


@_operation
def add_bytes(
    _typing: Any, rows: Any, places: Any, _n: Any, _first: Any, _width: Any, out: Any
) -> _Built:
    """``add_bytes(rows, places, n, first, width, out)``: sums of eight int8.

    Writes the sums of values ``first`` and following of rows ``places[:n]`` (uint32) of
    a flat matrix of int8, each row ``width`` long, to eight int32.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows, places, n, first, width, out = args
        rows_kind, places_kind, out_kind = (signature.args[i] for i in (0, 1, 5))
        bytes_, sums = ir.VectorType(_BYTE, 8), ir.VectorType(_INT32, 8)
        total = cgutils.alloca_once_value(builder, every(_INT32, 8, 0))
        with cgutils.for_range(builder, n) as loop:
            place = builder.load(
                address(context, builder, places_kind, places, loop.index)
            )
            place = builder.mul(builder.zext(place, _INT64), width)
            there = builder.add(place, first)
            row = load(
                builder, address(context, builder, rows_kind, rows, there), bytes_
            )
            row = builder.sext(row, sums)
            builder.store(builder.add(builder.load(total), row), total)
        zero = ir.Constant(_INT64, 0)
        target = address(context, builder, out_kind, out, zero)
        store(builder, builder.load(total), target)
        return context.get_dummy_value()

    return types.void(rows, places, _NUMBER, _NUMBER, _NUMBER, out), build


@_operation
def widen(_typing: Any, out: Any, _to: Any, data: Any, _at: Any) -> _Built:
    """``widen(out, to, data, at)``: sixteen bytes as numbers of 32 bits."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        out, to, data, at = args
        there = address(context, builder, signature.args[2], data, at)
        byte = load(builder, there, ir.VectorType(_BYTE, LANES))
        wide = builder.zext(byte, ir.VectorType(_INT32, LANES))
        store(builder, wide, address(context, builder, signature.args[0], out, to))
        return context.get_dummy_value()

    return types.void(out, _NUMBER, data, _NUMBER), build


@_operation
def grow_hashes(
    _typing: Any, hashes: Any, _to: Any, characters: Any, _at: Any, _width: Any
) -> _Built:
    """``grow_hashes(hashes, to, characters, at, width)``: FNV-1a of sixteen hashes.

    Hash i takes the bytes of character ``at + i`` (uint32, the first byte lowest, then
    zeros), of ``width`` at most, as fastText does it: bytes are signed.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        hashes, to, characters, at, width = args
        vector = ir.VectorType(_INT32, LANES)
        target = address(context, builder, signature.args[0], hashes, to)
        there = address(context, builder, signature.args[2], characters, at)
        prime, high = every(_INT32, LANES, 16777619), every(_INT32, LANES, 24)
        rest = cgutils.alloca_once_value(builder, load(builder, there, vector))
        grown = cgutils.alloca_once_value(builder, load(builder, target, vector))
        with cgutils.for_range(builder, width):
            value, before = builder.load(rest), builder.load(grown)
            byte = builder.ashr(builder.shl(value, high), high)
            after = builder.mul(builder.xor(before, byte), prime)
            some = builder.icmp_unsigned("!=", value, every(_INT32, LANES, 0))
            builder.store(builder.select(some, after, before), grown)
            builder.store(builder.lshr(value, every(_INT32, LANES, 8)), rest)
        store(builder, builder.load(grown), target)
        return context.get_dummy_value()

    return types.void(hashes, _NUMBER, characters, _NUMBER, _NUMBER), build


@_operation
def remainders(
    _typing: Any, hashes: Any, _at: Any, _divisor: Any, _inverse: Any, _shift: Any,
    out: Any, _to: Any,
) -> _Built:  # fmt: skip
    """``remainders(hashes, at, divisor, inverse, shift, out, to)``: sixteen times.

    Writes ``hashes[at + i] % divisor`` (uint32) to ``out[to + i]`` (int64).
    ``inverse`` is 2^shift / divisor, rounded down, below 2^32, where 2^(shift - 32) is
    at most the divisor, which is at most 2^31: the quotient it gives is short by one at
    most (Granlund and Montgomery 1994).
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        hashes, at, divisor, inverse, shift, out, to = args
        vector = ir.VectorType(_INT32, LANES)
        wide = ir.VectorType(_INT64, LANES)
        there = address(context, builder, signature.args[0], hashes, at)
        value = load(builder, there, vector)
        product = builder.mul(
            builder.zext(value, wide),
            builder.zext(spread(builder, inverse, LANES), wide),
        )
        quotient = builder.trunc(
            builder.lshr(product, spread(builder, shift, LANES)), vector
        )
        width = spread(builder, divisor, LANES)
        rest = builder.sub(value, builder.mul(quotient, width))
        less = builder.sub(rest, width)
        rest = builder.select(builder.icmp_unsigned("<", rest, width), rest, less)
        target = address(context, builder, signature.args[5], out, to)
        store(builder, builder.zext(rest, wide), target)
        return context.get_dummy_value()

    number = types.uint32
    return types.void(
        hashes, _NUMBER, number, number, types.uint64, out, _NUMBER
    ), build  # fmt: skip


def rounded(builder: Any, value: Any) -> Any:
    """Return float32 rounded to whole numbers, half to even."""
    kind = ir.FunctionType(value.type, [value.type])
    name = f"llvm.rint.v{LANES}f32"
    return builder.call(
        cgutils.get_or_insert_function(builder.module, kind, name), [value]
    )
