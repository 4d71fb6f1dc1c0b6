"""What a person reads of a result: comparison, filter view, mix.

In: results. Out: `Section`s for the writers in `audit.compare.render`. Nothing is
computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit.compare.diff import Comparison
from audit.compare.filtering import FilterView
from audit.compare.mix import MixResult
from audit.compare.render import (
    Section,
    interval,
    key_name,
    number,
    percent,
    points,
    signed,
)
from audit.compare.table_figures import TABLE_FIGURES

__all__ = [
    "comparison_sections",
    "filter_sections",
    "mix_sections",
]

# Facets that take one turn among the findings.
_WHO_PUBLISHED = ("domain", "platform", "operator")

Row = dict[str, Any]


def comparison_sections(result: Comparison, *, limit: int = 20) -> list[Section]:
    """Return a comparison in reading order: what differs first, the tables after."""
    labels = [row["label"] for row in result.profiles]
    sections = [_profiles(result), _findings(result, limit)]
    for name, rows in result.facets.items():
        if not rows:
            continue
        header = ("key", *(f"{label}>" for label in labels))
        if name != "culture_category":
            header += ("difference (points)>", "95 % interval>")
        shown = rows[:limit]
        text = () if len(rows) <= limit else (f"The {limit} largest keys.",)
        cells = [_facet_cells(row, labels) for row in shown]
        title = f"Shares of documents by {name.replace('_', ' ')}"
        sections.append(Section(title, text, header, cells))
    return [*sections, _divergence_section(result), _diversity_section(result, labels),
            *_figures_section(result, labels), *_overlap_section(result)]  # fmt: skip


def _profiles(result: Comparison) -> Section:
    header = (
        "profile", "documents>", "characters>", "near-duplicates>", "located>",
        "with URL>",
    )  # fmt: skip
    rows = [
        (
            row["label"], f"{row['documents']:,}", f"{row['characters']:,}",
            percent(row["near_duplicate_share"]), percent(row["located_share"]),
            percent(row["url_share"]),
        )
        for row in result.profiles
    ]  # fmt: skip
    return Section("Profiles", (), header, rows)


def _findings(result: Comparison, limit: int) -> Section:
    """Return what is beyond noise, most important first."""
    many = len({row["label"] for row in result.profiles}) > 2
    count = len(result.findings)
    rate = f"{100 * result.alpha:g} %"
    text = [
        f"{count} of {result.tested} differences are beyond noise "
        f"(false discovery rate {rate}, sources as sampling units)."
        if count
        else f"None of {result.tested} differences is beyond noise (false discovery "
        f"rate {rate}, sources as sampling units)."
    ]
    if count > limit:
        text.append(
            f"{limit} are shown, the most important of each kind first; "
            "all are in the JSON."
        )
    header: tuple[str, ...] = (
        "what", "by", "before>", "after>", "difference>", "95 % interval>"
    )  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for found in _by_turns(result.findings)[:limit]:
        measure, weight = found["measure"].split(".")
        share = measure == "share"
        what = _what(found, measure)
        show, gap = (percent, points) if share else (number, signed)
        row = (
            f"{found['facet']}: {what}", weight, show(found["a"]), show(found["b"]),
            gap(found["difference"]), interval(found["low"], found["high"], gap),
        )  # fmt: skip
        rows.append((found["profile_b"], *row) if many else row)
    header = ("profile", *header) if many else header
    return Section("Findings", tuple(text), header if rows else (), rows)


def _what(found: Row, measure: str) -> str:
    """Return what of its facet or table a finding is about."""
    if found["facet"] in TABLE_FIGURES:
        key = found["key"] or "all"
        return key if measure == "share" else f"{key} ({measure})"
    if measure == "share":
        return key_name(found["key"])
    return f"effective number ({measure})"


def _by_turns(findings: Sequence[Row]) -> list[Row]:
    """Return the first finding of each kind of facet, then the second, and so on.

    Domains, platforms and operators say much the same where sources differ: a few lines
    by importance alone would be about nothing else, so the three take one turn.
    """
    turn: dict[tuple[str, str], int] = {}
    placed = []
    for place, found in enumerate(findings):
        facet = found["facet"]
        key = found["profile_b"], "source" if facet in _WHO_PUBLISHED else facet
        number = turn[key] = turn.get(key, 0) + 1
        placed.append((number, place))
    return [findings[place] for _, place in sorted(placed)]


def _facet_cells(row: Row, labels: Sequence[str]) -> tuple[str, ...]:
    shares = row["shares"]["documents"]
    cells = [key_name(row["key"]), *(percent(shares[label]) for label in labels)]
    if "differences" in row:
        gaps = row["differences"]["documents"]
        cells.append(", ".join(points(gaps[lb]["difference"]) for lb in labels[1:]))
        cells.append(
            ", ".join(
                interval(gaps[lb]["low"], gaps[lb]["high"], points) for lb in labels[1:]
            )
        )
    return tuple(cells)


def _divergence_section(result: Comparison) -> Section:
    header = ("pair", "facet", "JSD (bits)>", "by noise alone>", "total variation>")
    rows = [
        (
            f"{row['profile_a']} / {row['profile_b']}", row["facet"],
            number(row["jsd"]), number(row.get("jsd_noise")),
            number(row["total_variation"]),
        )
        for row in result.divergence
        if row["weight"] == "documents"
    ]  # fmt: skip
    return Section("Divergence by documents", (), header, rows)


def _diversity_section(result: Comparison, labels: Sequence[str]) -> Section:
    text = (
        "Effective numbers as counted, and at the sample coverage all have reached.",
    )
    header = ("facet", "measure", *(f"{label}>" for label in labels),
              *(f"{label}, equal coverage>" for label in labels))  # fmt: skip
    rows = [
        (
            row["facet"],
            row["measure"],
            *(number(row["counted"][label]) for label in labels),
            *(number(row["at_equal_coverage"][label]) for label in labels),
        )
        for row in result.diversity
        if row["weight"] == "documents"
    ]
    return Section("Diversity by documents", text, header, rows)


def _figures_section(result: Comparison, labels: Sequence[str]) -> list[Section]:
    """Return the figures of whole corpora; those of single keys are in the JSON."""
    rows = []
    for row in result.figures:
        if row["key"]:
            continue
        share = row["figure"].endswith(("share", "agreement"))
        show, gap = (percent, points) if share else (number, signed)
        gaps = [row["differences"][label] for label in labels[1:]]
        rows.append(
            (
                f"{row['table']}.{row['figure']}",
                *(show(row["values"][label]["value"]) for label in labels),
                ", ".join(gap(one["difference"]) for one in gaps),
                ", ".join(interval(one["low"], one["high"], gap) for one in gaps),
            )
        )
    if not rows:
        return []
    text = ["Of whole corpora, by the names that policies use; by key in the JSON."]
    if result.breadth:
        shares = (f"{k} {percent(v, 3)}" for k, v in result.breadth["share"].items())
        text.append(
            f"Breadth grows with a corpus. breadth.share at the number of sources that "
            f"all have, {result.breadth['sources']:,}: {', '.join(shares)}."
        )
    header = ("figure", *(f"{label}>" for label in labels), "difference>",
              "95 % interval>")  # fmt: skip
    return [Section("Figures of single tables", tuple(text), header, rows)]


def _overlap_section(result: Comparison) -> list[Section]:
    if not result.overlap:
        return []
    header = ("corpus", "other", "kind", "share of corpus>", "share of other>")
    rows = [
        (
            row["corpus_a"], row["corpus_b"], row["kind"],
            f"{percent(row['share_a'])} "
            f"({interval(row['low_a'], row['high_a'], percent)})",
            f"{percent(row['share_b'])} "
            f"({interval(row['low_b'], row['high_b'], percent)})",
        )
        for row in result.overlap
    ]  # fmt: skip
    return [Section("Overlap", (), header, rows)]


def filter_sections(view: FilterView, *, limit: int = 30) -> list[Section]:
    """Return a filter view: the sentence, the totals, the most erased groups."""
    overall = Section(
        "What the filter kept",
        (view.sentence,),
        ("what", "before>", "after>", "survival>"),
        [
            (
                name.replace("_", " "), f"{row['before']:,}", f"{row['after']:,}",
                percent(row["survival"]),
            )
            for name, row in view.overall.items()
        ],
    )  # fmt: skip
    header = ("group", "kept>", "survival>", "95 % interval>", "odds ratio>", "sure")
    rows = [
        (
            f"{g['facet']} {key_name(g['key'])}", f"{g['after']:,} of {g['before']:,}",
            percent(g["survival"], 1),
            interval(g["low"], g["high"], lambda x: percent(x, 1)),
            number(g["odds_ratio"]), "yes" if g["beyond_noise"] else "",
        )
        for g in view.groups[:limit]
    ]  # fmt: skip
    text = "Sure: beyond noise at the false discovery rate over all groups."
    return [overall, Section("Most erased groups first", (text,), header, rows)]


def mix_sections(result: MixResult, *, limit: int = 20) -> list[Section]:
    """Return a mix: weights, what binds, what each corpus is worth, the outcome."""
    goal = "entropy" if result.target == "diversity" else "divergence from the target"
    text = [
        f"Target: {result.target} over {result.facet}, counted in {result.unit}.",
        f"{goal.capitalize()}: {number(result.objective)} bits; mixed by size it would "
        f"be {number(result.by_size)}. Effective number of keys: "
        f"{number(result.effective)}, by size {number(result.effective_by_size)}.",
        "Marginal: bits gained per unit of weight if the bound gave way. Worth: bits "
        "lost without the corpus.",
    ]
    if result.unreachable > 0:
        text.append(
            f"{percent(result.unreachable)} of the target lies on keys no corpus has."
        )
    header = ("corpus", "weight>", f"{result.unit}>", "epochs>", "binds",
              "marginal>", "worth>")  # fmt: skip
    rows = [
        (
            row["label"], percent(row["weight"]), number(row["amount"]),
            number(row["epochs"]), row["binds"], signed(row["marginal"]),
            "needed" if row["worth"] is None else number(row["worth"]),
        )
        for row in result.corpora
    ]  # fmt: skip
    shown = [
        (key_name(row["key"]), percent(row["share"]), percent(row["target"]))
        for row in result.predicted[:limit]
    ]
    return [
        Section("Mix", tuple(text), header, rows),
        Section(f"Predicted {result.facet}", (), ("key", "share>", "target>"), shown),
    ]
