"""Scores of labels, many at a time: products, exponentials, and which one leads.

In: arrays of floats and places in them, as kernels hold them. Out: values in place, or
the label that leads. As `audit.kernels.vectors`, the same on every processor: no
library's exponential, no product joined with a sum.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from audit.kernels.lanes import address, load, store
from audit.kernels.vectors import LANES, every, rounded, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["TILE", "exponentials", "highest", "leader", "score_tile", "total"]

# Texts whose scores are computed side by side.
TILE = 4

_FLOAT, _INT32, _INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)

# What numba returns is called with other arguments than the function it decorates.
_operation: Any = intrinsic
_Built = tuple[Any, "Callable[..., Any]"]
_NUMBER = types.int64


@_operation
def score_tile(
    _typing: Any, hidden: Any, _dim: Any, columns: Any, _width: Any, _first: Any,
    out: Any,
) -> _Built:  # fmt: skip
    """``score_tile(hidden, dim, columns, width, first, out)``: a piece of a product.

    Writes the scores of `TILE` texts for 32 labels from ``first`` on: products of the
    rows of ``hidden`` (float32[TILE * dim], flat) with those columns of a flat matrix
    of rows of ``width`` floats, summed in the order of the rows. Text i has
    ``out[i * width:]``.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        hidden, dim, columns, width, first, out = args
        hidden_kind, columns_kind, out_kind = (signature.args[i] for i in (0, 2, 5))
        vector, number = ir.VectorType(_FLOAT, LANES), ir.Constant
        sums = [
            cgutils.alloca_once_value(builder, every(_FLOAT, LANES, 0.0))
            for _ in range(2 * TILE)
        ]
        with cgutils.for_range(builder, dim) as loop:
            start = builder.add(builder.mul(loop.index, width), first)
            column = address(context, builder, columns_kind, columns, start)
            low = load(builder, column, vector)
            high = builder.gep(column, [number(_INT64, LANES)])
            parts = low, load(builder, high, vector)
            for text in range(TILE):
                place = builder.mul(dim, number(_INT64, text))
                place = builder.add(place, loop.index)
                value = builder.load(
                    address(context, builder, hidden_kind, hidden, place)
                )
                factor = spread(builder, value, LANES)
                for half, part in enumerate(parts):
                    total = sums[2 * text + half]
                    product = builder.fmul(factor, part)
                    builder.store(builder.fadd(builder.load(total), product), total)
        for text in range(TILE):
            for half in range(2):
                place = builder.mul(width, number(_INT64, text))
                place = builder.add(
                    builder.add(place, first), number(_INT64, 16 * half)
                )
                target = address(context, builder, out_kind, out, place)
                store(builder, builder.load(sums[2 * text + half]), target)
        return context.get_dummy_value()

    return types.void(hidden, _NUMBER, columns, _NUMBER, _NUMBER, out), build


# e^x = 2^n e^r: n is x / ln 2, rounded, and r is what is left, at most half of ln 2. Of
# ln 2 the first bits are taken off exactly, then the others.
_LOG2_E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 0.693359375, -2.12194440e-4
# Coefficients of r^2 to r^7 in e^r - 1 - r, fitted over that range (Cephes, expf).
_SERIES = (
    5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2, 8.3334519073e-3, 1.3981999507e-3,
    1.9875691500e-4,
)  # fmt: skip
# Beyond these e^x is as good as nothing, or no float32.
_LEAST, _MOST = -87.0, 88.0


@_operation
def exponentials(_typing: Any, values: Any, _at: Any) -> _Built:
    """``exponentials(values, at)``: e^x of sixteen float32, in place.

    Right to two units in the last place, and the same on every processor, as no
    library's is. What is below -87 counts as that, what is above 88 as that.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def same(value: float) -> Any:
            return every(_FLOAT, LANES, value)

        values, at = args
        vector, whole = (ir.VectorType(kind, LANES) for kind in (_FLOAT, _INT32))
        target = address(context, builder, signature.args[0], values, at)
        x = load(builder, target, vector)
        low, high = same(_LEAST), same(_MOST)
        x = builder.select(builder.fcmp_ordered(">", x, low), x, low)
        x = builder.select(builder.fcmp_ordered("<", x, high), x, high)
        n = rounded(builder, builder.fmul(x, same(_LOG2_E)))
        r = builder.fsub(x, builder.fmul(n, same(_LN2_HIGH)))
        r = builder.fsub(r, builder.fmul(n, same(_LN2_LOW)))
        series = same(_SERIES[-1])
        for term in reversed(_SERIES[:-1]):
            series = builder.fadd(builder.fmul(series, r), same(term))
        square = builder.fmul(r, r)
        value = builder.fadd(builder.fmul(series, square), r)
        value = builder.fadd(value, same(1.0))
        # 2^n is added to the exponent.
        shift = builder.shl(builder.fptosi(n, whole), every(_INT32, LANES, 23))
        value = builder.bitcast(
            builder.add(builder.bitcast(value, whole), shift), vector
        )
        store(builder, value, target)
        return context.get_dummy_value()

    return types.void(values, _NUMBER), build


@_operation
def highest(_typing: Any, values: Any, _at: Any, _n: Any) -> _Built:
    """``highest(values, at, n)``: the highest of n float32, whole vectors read.

    What is no number is passed over; -inf where there is none.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values, at, n = args
        least = every(_FLOAT, LANES, float("-inf"))
        top = cgutils.alloca_once_value(builder, least)
        with _vectors(context, builder, signature.args[0], values, at, n) as (k, value):
            value = builder.select(_inside(builder, k, n), value, least)
            builder.store(_higher(builder, value, builder.load(top)), top)
        found, size = builder.load(top), LANES
        while size > 1:
            size //= 2
            found = _higher(builder, *_halves(builder, found, size))
        return builder.extract_element(found, ir.Constant(_INT32, 0))

    return types.float32(values, _NUMBER, _NUMBER), build


@_operation
def total(_typing: Any, values: Any, _at: Any, _n: Any) -> _Built:
    """``total(values, at, n)``: the sum of n float32, a multiple of sixteen.

    Sixteen sums run side by side, then are added up in order.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values, at, n = args
        sums = cgutils.alloca_once_value(builder, every(_FLOAT, LANES, 0.0))
        with _vectors(context, builder, signature.args[0], values, at, n) as (_, value):
            builder.store(builder.fadd(builder.load(sums), value), sums)
        lanes, out = builder.load(sums), None
        for lane in range(LANES):
            value = builder.extract_element(lanes, ir.Constant(_INT32, lane))
            out = value if out is None else builder.fadd(out, value)
        return out

    return types.float32(values, _NUMBER, _NUMBER), build


@contextmanager
def _vectors(
    context: Any, builder: Any, kind: Any, values: Any, at: Any, n: Any
) -> Iterator[tuple[Any, Any]]:
    """Build a loop over n values from ``at`` on; yield each place and vector."""
    step, zero = ir.Constant(_INT64, LANES), ir.Constant(_INT64, 0)
    with cgutils.for_range_slice(builder, zero, n, step, _INT64) as (k, _):
        place = address(context, builder, kind, values, builder.add(at, k))
        yield k, load(builder, place, ir.VectorType(_FLOAT, LANES))


def _inside(builder: Any, k: Any, n: Any) -> Any:
    """Return which values of the vector at k are among the first n."""
    return builder.icmp_signed(
        "<", _places(builder, k), spread(builder, builder.trunc(n, _INT32), LANES)
    )


def _places(builder: Any, k: Any) -> Any:
    """Return the places of the values of the vector at k."""
    lanes = ir.Constant(ir.VectorType(_INT32, LANES), list(range(LANES)))
    return builder.add(spread(builder, builder.trunc(k, _INT32), LANES), lanes)


def _higher(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _halves(builder: Any, value: Any, size: int) -> tuple[Any, Any]:
    nothing = ir.Constant(value.type, ir.Undefined)
    low = ir.Constant(ir.VectorType(_INT32, size), list(range(size)))
    high = ir.Constant(ir.VectorType(_INT32, size), list(range(size, 2 * size)))
    return (
        builder.shuffle_vector(value, nothing, low),
        builder.shuffle_vector(value, nothing, high),
    )


@_operation
def leader(
    _typing: Any, scores: Any, _at: Any, bias: Any, _from: Any, _n: Any, _margin: Any,
    _reach: Any,
) -> _Built:  # fmt: skip
    """``leader(scores, at, bias, from, n, margin, reach)``: which of n scores leads.

    Returns the number of the label whose score plus bias is the highest, if no other is
    within ``margin`` of it, and if its score alone is at most ``reach`` below the
    highest score alone; else -1, as where one is no number. Whole vectors are read.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        scores, at, bias, start, n, margin, reach = args
        least = every(_FLOAT, LANES, float("-inf"))

        def variable(value: Any) -> Any:
            return cgutils.alloca_once_value(builder, value)

        # Of each lane: the highest score, the two highest with their bias, where the
        # first of these stands and its score alone; and whether all were numbers.
        top, first, second, alone = (variable(least) for _ in range(4))
        place = variable(every(_INT32, LANES, -1))
        number = variable(every(ir.IntType(1), LANES, 1))
        with _vectors(context, builder, signature.args[0], scores, at, n) as (k, score):
            where = address(
                context, builder, signature.args[2], bias, builder.add(start, k)
            )
            inside = _inside(builder, k, n)
            both = builder.fadd(score, load(builder, where, least.type))
            good = builder.fcmp_ordered("ord", both, both)
            good = builder.or_(good, builder.not_(inside))
            builder.store(builder.and_(builder.load(number), good), number)
            score = builder.select(inside, score, least)
            both = builder.select(inside, both, least)
            builder.store(_higher(builder, score, builder.load(top)), top)
            before = builder.load(first)
            above = builder.fcmp_ordered(">", both, before)
            less = builder.select(above, before, both)
            builder.store(_higher(builder, less, builder.load(second)), second)
            for kept, here in (
                (first, both), (place, _places(builder, k)), (alone, score)
            ):  # fmt: skip
                builder.store(builder.select(above, here, builder.load(kept)), kept)
        found = _across(builder, *map(builder.load, (top, first, second, alone, place)))
        best_top, best, next_one, best_alone, label = found
        # Not "at least": where all are minus infinity, none leads.
        leads = builder.fcmp_ordered("<", next_one, builder.fsub(best, margin))
        close = builder.fcmp_ordered(">=", best_alone, builder.fsub(best_top, reach))
        numbers = builder.bitcast(builder.load(number), ir.IntType(LANES))
        all_numbers = builder.icmp_unsigned(
            "==", numbers, ir.Constant(ir.IntType(LANES), (1 << LANES) - 1)
        )
        sure = builder.and_(builder.and_(leads, close), all_numbers)
        return builder.select(sure, label, ir.Constant(_INT32, -1))

    return types.int32(
        scores, _NUMBER, bias, _NUMBER, _NUMBER, types.float32, types.float32
    ), build  # fmt: skip


def _across(
    builder: Any, top: Any, first: Any, second: Any, alone: Any, place: Any
) -> tuple[Any, ...]:
    """Return what lanes have found as what all of them have found together."""
    size = LANES
    while size > 1:
        size //= 2
        top = _higher(builder, *_halves(builder, top, size))
        a, b = _halves(builder, first, size)
        above = builder.fcmp_ordered(">", b, a)
        first, less = builder.select(above, b, a), builder.select(above, a, b)
        next_one = _higher(builder, *_halves(builder, second, size))
        second = _higher(builder, less, next_one)
        low, high = _halves(builder, alone, size)
        alone = builder.select(above, high, low)
        low, high = _halves(builder, place, size)
        place = builder.select(above, high, low)
    zero = ir.Constant(_INT32, 0)
    values = top, first, second, alone, place
    return tuple(builder.extract_element(value, zero) for value in values)
