"""Machine-made farms: many registered domains of one shape under cheap suffixes.

In: registered domains with their suffixes and documents. Out: groups of domains that
look made by one machine, each with a score in [0, 1] and the reasons it is made of.

Three shapes are looked for: a *series* (one stem, running numbers), a *frame* (one
word, hyphens, the other words exchanged) and *random* strings. A farm is told from
people by three things at once: there are many of the shape, they stand under cheap
suffixes, and they are equally large, while the sites of people follow a power law.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import polars as pl

__all__ = ["Farm", "domain_farms"]

# Half of the score is reached at this many domains.
_HALF_SIZE = 8
_RANDOM = (
    r"[a-z][0-9]+[a-z]+[0-9]|[0-9][a-z]+[0-9]+[a-z]"
    r"|[bcdfghjklmnpqrstvwxz]{5}|^[^aeiouy]{6,}$"
)


class Farm(NamedTuple):
    """One group of same-shape domains.

    Attributes:
        kind: ``series``, ``frame`` or ``random``.
        shape: what they share: ``casino#``, ``cheap-*-*``, ``8 random .top``.
        domains: number of registered domains.
        documents: documents of all of them.
        score: size x cheap share x evenness (x share of such names under the suffix
            for random strings), in [0, 1].
        cheap_share: share of the domains under cheap suffixes.
        evenness: effective number of domains (exp of Shannon's entropy of documents)
            over their number, in (0, 1].
        examples: up to five domains, the largest first.
    """

    kind: str
    shape: str
    domains: int
    documents: int
    score: float
    cheap_share: float
    evenness: float
    examples: tuple[str, ...]


def domain_farms(
    domains: Sequence[str] | pl.Series,
    suffixes: Sequence[str | None] | pl.Series,
    documents: Sequence[int] | pl.Series,
    *,
    cheap: Collection[str],
    min_domains: int = 20,
    min_score: float = 0.4,
) -> list[Farm]:
    """Find groups of domains of one shape under cheap suffixes.

    Args:
        domains: Registered domains, each once; "" and IP addresses are left out.
        suffixes: Public suffix of each (None for an IP address).
        documents: Documents of each, positive.
        cheap: Top-level domains sold at a loss or given away.
        min_domains: Smallest group reported.
        min_score: Smallest score reported.

    Returns:
        The farms, the largest (by documents) first; a domain stands in the farm with
        the higher score only.
    """
    frame = _labels(domains, suffixes, documents, cheap)
    shapes = pl.concat([_series(frame), _frames(frame), _random(frame)])
    grouped = (
        shapes.filter(pl.len().over("kind", "shape") >= min_domains)
        .with_columns(score=_score())
        .filter(pl.col("score") >= min_score)
        # A domain of two shapes counts once, where the evidence is stronger.
        .sort("score", "kind", "shape", descending=[True, False, False])
        .unique("domain", keep="first", maintain_order=True)
        .filter(pl.len().over("kind", "shape") >= min_domains)
    )
    farms = [_farm(key, group) for key, group in grouped.group_by("kind", "shape")]
    return sorted(farms, key=lambda farm: (-farm.documents, farm.kind, farm.shape))


def _labels(
    domains: Sequence[str] | pl.Series,
    suffixes: Sequence[str | None] | pl.Series,
    documents: Sequence[int] | pl.Series,
    cheap: Collection[str],
) -> pl.DataFrame:
    """Return one row a usable domain: its label, its suffix, whether it is cheap."""
    schema = {"domain": pl.String, "suffix": pl.String, "documents": pl.Int64}
    frame = pl.DataFrame([domains, suffixes, documents], schema=schema)
    top = pl.col("suffix").str.split(".").list.last()
    # Sorted, so that sums of floats do not depend on the order of rows.
    usable = frame.sort("domain").filter(
        pl.col("suffix").is_not_null() & ~pl.col("domain").str.contains("xn--")
    )
    return usable.with_columns(
        label=pl.col("domain").str.strip_suffix("." + pl.col("suffix")),
        cheap=top.is_in(sorted(cheap)),
        weight=pl.lit(1.0),
    )


def _series(frame: pl.DataFrame) -> pl.DataFrame:
    stem = pl.col("label").str.replace_all("[0-9]+", "#")
    return frame.filter(
        pl.col("label").str.contains("[a-z-]{3}")
        & pl.col("label").str.contains("[0-9]")
    ).with_columns(kind=pl.lit("series"), shape=stem)


def _frames(frame: pl.DataFrame) -> pl.DataFrame:
    words = pl.col("label").str.split("-")
    stars = (words.list.len() - 1).cast(pl.Int64)
    hyphened = frame.filter(pl.col("label").str.contains("[^-]-[^-]"))
    first = hyphened.with_columns(
        kind=pl.lit("frame"),
        shape=words.list.first() + pl.lit("-*").repeat_by(stars).list.join(""),
    )
    last = hyphened.with_columns(
        kind=pl.lit("frame"),
        shape=pl.lit("*-").repeat_by(stars).list.join("") + words.list.last(),
    )
    return pl.concat([first, last]).filter(
        pl.col("shape").str.strip_chars("*-").str.len_chars() >= 3
    )


def _random(frame: pl.DataFrame) -> pl.DataFrame:
    looks = pl.col("label").str.contains(_RANDOM)
    size = pl.col("label").str.len_chars().cast(pl.String)
    return (
        frame.with_columns(weight=looks.mean().over("suffix"))
        .filter(looks & (pl.col("label").str.len_chars() >= 5))
        .with_columns(
            kind=pl.lit("random"), shape=size + " random ." + pl.col("suffix")
        )
    )


def _score() -> pl.Expr:
    """Return size x cheap share x evenness x weight of each group."""
    group = ["kind", "shape"]
    size = pl.len() / (pl.len() + _HALF_SIZE)
    return (
        size * pl.col("cheap").mean() * _evenness() * pl.col("weight").first()
    ).over(group)


def _evenness() -> pl.Expr:
    share = pl.col("documents") / pl.col("documents").sum()
    return (-(share * share.log()).sum()).exp() / pl.len()


def _farm(key: tuple[object, ...], group: pl.DataFrame) -> Farm:
    kind, shape = key
    ordered = group.sort("documents", "domain", descending=[True, False])
    counts = ordered["documents"]
    total = int(counts.sum())
    entropy = -sum(n / total * math.log(n / total) for n in counts)
    return Farm(
        str(kind),
        str(shape),
        len(group),
        total,
        float(ordered["score"][0]),
        float(ordered["cheap"].mean() or 0.0),  # type: ignore[arg-type]
        math.exp(entropy) / len(group),
        tuple(ordered["domain"].head(5)),
    )
