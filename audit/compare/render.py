"""Results as text for a terminal and as Markdown for a pull request.

In: the result of a comparison, a filter view, a gate, a mix or a merge. Out: strings.
Each result is first a list of `Section`s; the two writers know nothing of what they
write, so that a figure cannot differ between them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from audit.compare.diff import Comparison
from audit.compare.filtering import FilterView
from audit.compare.gate import GateResult

__all__ = [
    "Section",
    "comparison_sections",
    "filter_sections",
    "gate_junit",
    "gate_sections",
    "to_json",
    "to_markdown",
    "to_text",
]

Row = dict[str, Any]
_SIGNS = {"pass": "pass", "warn": "WARN", "fail": "FAIL"}


@dataclass(frozen=True)
class Section:
    """A heading, sentences and at most one table.

    Attributes:
        title: Heading; empty for none.
        text: Paragraphs before the table.
        header: Column names; a name that ends in ``>`` is aligned right.
        rows: Cells as text.
    """

    title: str
    text: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()


def to_json(value: dict[str, Any]) -> str:
    """Return JSON with a final newline; NaN is refused, keys keep their order."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_text(sections: Sequence[Section], *, width: int = 100) -> str:
    """Return sections as plain text with aligned tables, wide characters included."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out, width=width, no_color=True, highlight=False, emoji=False
    )
    for section in sections:
        if section.title:
            console.print(Text(section.title))
        for paragraph in section.text:
            console.print(Text(paragraph))
        if section.header:
            table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
            for name in section.header:
                right = name.endswith(">")
                table.add_column(
                    Text(name.rstrip(">")),
                    justify="right" if right else "left",
                    no_wrap=right,
                    overflow="fold",
                )
            for row in section.rows:
                table.add_row(*(Text(cell) for cell in row))
            console.print(table)
        console.print()
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return "\n".join(lines).rstrip("\n") + "\n"


def to_markdown(sections: Sequence[Section]) -> str:
    """Return sections as GitHub Markdown; cells cannot break out of their table."""
    parts = []
    for section in sections:
        if section.title:
            parts.append(f"## {_escape(section.title)}")
        parts += [_escape(paragraph) for paragraph in section.text]
        if section.header:
            names = [_escape(name.rstrip(">")) for name in section.header]
            rule = ["---:" if n.endswith(">") else "---" for n in section.header]
            lines = [names, rule, *([_escape(c) for c in row] for row in section.rows)]
            parts.append("\n".join("| " + " | ".join(line) + " |" for line in lines))
    return "\n\n".join(parts) + "\n"


def _escape(text: str) -> str:
    for char in ("\\", "|", "*", "_", "`", "<", "[", "]", "#"):
        text = text.replace(char, "&lt;" if char == "<" else "\\" + char)
    return " ".join(text.split())


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def _points(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.2f}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _interval(low: float | None, high: float | None, show: Callable[..., str]) -> str:
    return "-" if low is None or high is None else f"{show(low)} to {show(high)}"


def _name(key: str) -> str:
    return key or "(none)"


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
            *_overlap_section(result)]  # fmt: skip


def _profiles(result: Comparison) -> Section:
    header = (
        "profile", "documents>", "characters>", "near-duplicates>", "located>",
        "with URL>",
    )  # fmt: skip
    rows = [
        (
            row["label"], f"{row['documents']:,}", f"{row['characters']:,}",
            _percent(row["near_duplicate_share"]), _percent(row["located_share"]),
            _percent(row["url_share"]),
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
        text.append(f"The {limit} most important; all are in the JSON.")
    header = ("facet", "key", "measure", "before>", "after>", "difference>",
              "95 % interval>")  # fmt: skip
    rows = []
    for found in result.findings[:limit]:
        share = found["measure"].startswith("share")
        show, gap = (_percent, _points) if share else (_number, _signed)
        row = (
            found["facet"], _name(found["key"]) if share else "", found["measure"],
            show(found["a"]), show(found["b"]), gap(found["difference"]),
            _interval(found["low"], found["high"], gap),
        )  # fmt: skip
        rows.append((found["profile_b"], *row) if many else row)
    header = ("profile", *header) if many else header
    return Section("Findings", tuple(text), header if rows else (), rows)


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4g}"


def _facet_cells(row: Row, labels: Sequence[str]) -> tuple[str, ...]:
    shares = row["shares"]["documents"]
    cells = [_name(row["key"]), *(_percent(shares[label]) for label in labels)]
    if "differences" in row:
        gaps = row["differences"]["documents"]
        cells.append(", ".join(_points(gaps[lb]["difference"]) for lb in labels[1:]))
        cells.append(
            ", ".join(
                _interval(gaps[lb]["low"], gaps[lb]["high"], _points)
                for lb in labels[1:]
            )
        )
    return tuple(cells)


def _divergence_section(result: Comparison) -> Section:
    header = ("pair", "facet", "JSD (bits)>", "by noise alone>", "total variation>")
    rows = [
        (
            f"{row['profile_a']} / {row['profile_b']}", row["facet"],
            _number(row["jsd"]), _number(row.get("jsd_noise")),
            _number(row["total_variation"]),
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
            *(_number(row["counted"][label]) for label in labels),
            *(_number(row["at_equal_coverage"][label]) for label in labels),
        )
        for row in result.diversity
        if row["weight"] == "documents"
    ]
    return Section("Diversity by documents", text, header, rows)


def _overlap_section(result: Comparison) -> list[Section]:
    if not result.overlap:
        return []
    header = ("corpus", "other", "kind", "share of corpus>", "share of other>")
    rows = [
        (
            row["corpus_a"], row["corpus_b"], row["kind"],
            f"{_percent(row['share_a'])} "
            f"({_interval(row['low_a'], row['high_a'], _percent)})",
            f"{_percent(row['share_b'])} "
            f"({_interval(row['low_b'], row['high_b'], _percent)})",
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
                _percent(row["survival"]),
            )
            for name, row in view.overall.items()
        ],
    )  # fmt: skip
    header = ("facet", "key", "before>", "after>", "survival>", "95 % interval>",
              "odds ratio>", "95 % interval>", "beyond noise")  # fmt: skip
    rows = [
        (
            g["facet"], _name(g["key"]), f"{g['before']:,}", f"{g['after']:,}",
            _percent(g["survival"]), _interval(g["low"], g["high"], _percent),
            _number(g["odds_ratio"]),
            _interval(g["odds_low"], g["odds_high"], _number),
            "yes" if g["beyond_noise"] else "",
        )
        for g in view.groups[:limit]
    ]  # fmt: skip
    return [overall, Section("Most erased groups first", (), header, rows)]


def gate_sections(result: GateResult) -> list[Section]:
    """Return the verdicts of a gate, failures first."""
    order = {"fail": 0, "warn": 1, "pass": 2}
    verdict = "passed" if result.passed else "failed"
    head = (
        f"{verdict.capitalize()}: {result.count('fail')} failed, "
        f"{result.count('warn')} warned, {result.count('pass')} passed "
        f"({result.today.isoformat()})."
    )
    header = (
        "verdict",
        "profile",
        "rule",
        "figure>",
        "95 % interval>",
        "bounds",
        "why",
    )
    rows = []
    for v in sorted(result.verdicts, key=lambda v: order[v.status]):
        bounds = [
            f"{word} {_number(value)}"
            for word, value in (
                ("at least", v.rule.minimum), ("at most", v.rule.maximum)
            )
            if value is not None
        ]  # fmt: skip
        why = (
            v.message if v.status == "pass" else f"{v.message}. {v.rule.reason}".strip()
        )
        rows.append(
            (
                _SIGNS[v.status], v.profile, v.rule.name, _number(v.value),
                _interval(v.low, v.high, _number), " and ".join(bounds), why,
            )
        )  # fmt: skip
    text = (head, " ".join(result.description.split()))
    return [Section(f"Policy {result.policy}", tuple(filter(None, text)), header, rows)]


def gate_junit(result: GateResult) -> str:
    """Return the verdicts as JUnit XML: one suite a profile, one case a rule.

    Warnings are cases that pass and say so in ``system-out``.
    """
    root = ET.Element("testsuites", name=f"corpus-audit gate: {result.policy}")
    for profile in dict.fromkeys(v.profile for v in result.verdicts):
        mine = [v for v in result.verdicts if v.profile == profile]
        failed = sum(v.status == "fail" for v in mine)
        suite = ET.SubElement(
            root, "testsuite", name=profile, tests=str(len(mine)),
            failures=str(failed), errors="0", skipped="0",
        )  # fmt: skip
        for v in mine:
            case = ET.SubElement(
                suite, "testcase", name=_xml(v.rule.name), classname=_xml(v.rule.path)
            )
            text = _xml(f"{v.message}. {v.rule.reason}".strip())
            if v.status == "fail":
                ET.SubElement(case, "failure", message=text, type="policy").text = text
            elif v.status == "warn":
                ET.SubElement(case, "system-out").text = f"warning: {text}"
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    """Drop the control characters that XML 1.0 does not allow."""
    return "".join(c for c in text if c in "\t\n\r" or ord(c) >= 32)
