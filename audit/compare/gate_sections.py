"""What a person and what a build server read of a gate.

In: the result of a gate. Out: `Section`s for the writers in `audit.compare.render`, and
JUnit XML. Nothing is computed here.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from audit.compare.gate import GateResult
from audit.compare.policy import Rule
from audit.compare.render import Section, interval, number

__all__ = ["gate_junit", "gate_sections"]

_SIGNS = {"pass": "pass", "warn": "WARN", "fail": "FAIL"}


def gate_sections(result: GateResult) -> list[Section]:
    """Return the verdicts of a gate, failures first."""
    order = {"fail": 0, "warn": 1, "pass": 2}
    verdict = "passed" if result.passed else "failed"
    head = (
        f"{verdict.capitalize()}: {result.count('fail')} failed, "
        f"{result.count('warn')} warned, {result.count('pass')} passed "
        f"({result.today.isoformat()})."
    )
    header = ("verdict", "profile", "rule", "figure>", "95 % interval>", "bounds")
    ordered = sorted(result.verdicts, key=lambda v: order[v.status])
    rows = [
        (
            _SIGNS[v.status], v.profile, v.rule.name, number(v.value),
            interval(v.low, v.high, number), _limits(v.rule),
        )
        for v in ordered
    ]  # fmt: skip
    why = tuple(
        f"{_SIGNS[v.status]} {v.profile}, {v.rule.name}: {v.message}. {v.rule.reason}"
        for v in ordered
        if v.status != "pass" or v.message != "within bounds"
    )
    text = (head, " ".join(result.description.split()))
    sections = [
        Section(f"Policy {result.policy}", tuple(filter(None, text)), header, rows)
    ]
    return [*sections, Section("Why", why)] if why else sections


def _limits(rule: Rule) -> str:
    """Return the bounds of a rule, without a space that could break them."""
    bounds = (("\u2265", rule.minimum), ("\u2264", rule.maximum))
    return ", ".join(f"{sign} {number(v)}" for sign, v in bounds if v is not None)


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
