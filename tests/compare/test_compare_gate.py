import datetime
import json
import math
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from profiles_factory import (
    LANGUAGES,
    make_profile,
    with_culture_tables,
    write_overlap,
)

from audit.compare.gate import apply_policy
from audit.compare.gate_sections import gate_junit, gate_sections
from audit.compare.load import load_profile
from audit.compare.policy import load_policy, parse_policy, preset_names
from audit.compare.render import to_markdown, to_text
from audit.compare.table_figures import TABLE_FIGURES
from audit.errors import ConfigError

TODAY = datetime.date(2026, 11, 23)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    with_culture_tables(
        make_profile(folder, "web", 3, domains=400, documents=20_000, replicates=40)
    )
    shifted = LANGUAGES | {"eng": 0.2, "yor": 0.33}
    old = make_profile(folder, "old", 4, domains=400, documents=20_000,
                       languages=shifted, replicates=40)  # fmt: skip
    with_culture_tables(old)
    write_overlap(folder, [{"corpus_a": "old", "corpus_b": "web", "share_b": 0.12}])
    return folder


@pytest.fixture(scope="module")
def web(out):
    return load_profile(out / "web")


def _policy(text, folder):
    return parse_policy(text, name="p", folder=folder, where="p.toml")


def _one(web, out, body, **more):
    policy = _policy(f"[[rule]]\nname = 'r'\n{body}", out)
    result = apply_policy(policy, [web], today=TODAY, **more)
    assert len(result.verdicts) == 1
    return result.verdicts[0]


def test_a_minimum_judges_the_low_bound_and_a_maximum_the_high_one(web, out):
    row = web.frame("diversity").filter(
        facet="language", weight="documents", measure="hill_1"
    ).row(0, named=True)  # fmt: skip
    between = (row["low"] + row["value"]) / 2
    body = "measure = 'language.hill_1.documents'\n"
    missed = _one(web, out, body + f"minimum = {between}")
    assert missed.status == "fail"
    assert "not surely" in missed.message
    assert _one(web, out, body + f"minimum = {row['low'] - 0.01}").status == "pass"
    above = (row["high"] + row["value"]) / 2
    assert _one(web, out, body + f"maximum = {above}").status == "fail"
    assert _one(web, out, body + f"maximum = {row['high'] + 0.01}").status == "pass"


def test_shares_of_one_key_and_of_a_group(web, out):
    frame = web.frame("language")
    total = frame["documents"].sum()
    for keys in (["yor"], ["yor", "hin", "arb"], ["swh"]):
        share = frame.filter(pl.col("language").is_in(keys))["documents"].sum() / total
        body = f"measure = 'language.share.documents'\nkey = {keys}\nminimum = 0.0\n"
        verdict = _one(web, out, body)
        assert verdict.value == pytest.approx(share)
        assert verdict.low <= share <= verdict.high
        assert 0 < verdict.high - verdict.low < 0.5
    assert "not in the profile: swh" in verdict.message


def test_a_macrolanguage_stands_for_its_members(tmp_path):
    many = {"eng": 0.4, "swh": 0.3, "swc": 0.1, "cmn": 0.15, "yue": 0.05}
    fewer = many | {"eng": 0.5, "swh": 0.2}
    for seed, (name, languages) in enumerate({"now": many, "then": fewer}.items()):
        make_profile(tmp_path, name, seed, domains=50, documents=2000, replicates=4,
                     languages=languages)  # fmt: skip
    now = load_profile(tmp_path / "now")

    def verdict(measure, key, more=""):
        body = f"measure = 'language.{measure}.documents'\nkey = {key!r}\n"
        return _one(now, tmp_path, f"{body}minimum = 0.0\n{more}")

    swa = verdict("share", "swa")
    assert swa.value == pytest.approx(verdict("share", ["swh", "swc"]).value)
    assert swa.value > verdict("share", "swh").value > 0
    assert swa.as_dict()["key"] == ["swa"]
    assert "not in the profile" not in swa.message
    assert verdict("share", ["swa", "zho"]).value == pytest.approx(
        swa.value + verdict("share", "zho").value
    )
    assert "not in the profile: ara" in verdict("share", ["ara", "eng"]).message
    old = "baseline = 'then'"
    grew = verdict("difference", "swa", old)
    assert grew.value == pytest.approx(verdict("difference", ["swc", "swh"], old).value)
    assert grew.value > 0.02
    assert verdict("share", ["swh", "swa"]).value == pytest.approx(swa.value)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("measure='summary.near_duplicate_share'\nmaximum=0.06", "pass"),
        ("measure='summary.near_duplicate_share'\nmaximum=0.0501", "fail"),
        ("measure='summary.documents'\nminimum=20000", "pass"),
        ("measure='summary.documents'\nminimum=20001", "fail"),
        ("measure='platform.top_1_share.documents'\nmaximum=0.9", "pass"),
        ("measure='domain.top_10_share.characters'\nmaximum=0.0001", "fail"),
        ("measure='platform.share.documents'\nkey='Reddit'\nmaximum=1.0", "pass"),
        ("measure='overlap.share.documents'\nkey='old'\nmaximum=0.2", "pass"),
        ("measure='overlap.share.documents'\nkey='old'\nmaximum=0.125", "fail"),
        ("measure='culture.hill_0.documents'\nminimum=5", "pass"),
        (
            "measure='region.share.characters'\nkey='Western Africa'\nminimum=0.5",
            "fail",
        ),
        ("measure='culture.hill_1_similarity.documents'\nminimum=1", "pass"),
        ("measure='culture.located_share.documents'\nminimum=0.05", "pass"),
        ("measure='summary.located_share'\nminimum=0.9", "fail"),
        ("measure='near_figures.corrected_share'\nmaximum=0.2", "pass"),
        ("measure='near_figures.corrected_share'\nmaximum=0.01", "fail"),
        ("measure='language_segments.share'\nkey='eng'\nminimum=0.1", "pass"),
        # Tables and rows that the profile lacks cannot be judged.
        ("measure='contamination_sets.share'\nkey='quiz'\nmaximum=1.0", "fail"),
        ("measure='coverage.erased'\nmaximum=300", "pass"),
        ("measure='breadth.share'\nmaximum=0.5", "fail"),
        ("measure='breadth.share'\nkey='CN'\nminimum=0.9", "fail"),
        ("measure='breadth.cultures'\nminimum=300", "fail"),
        ("measure='coverage_by_speakers.erased'\nmaximum=300", "pass"),
        ("measure='outward.share'\nmaximum=1", "pass"),
        ("measure='outward.share'\nkey='xho'\nmaximum=1", "fail"),
        ("measure='language_segments.share'\nkey='xxx'\nmaximum=0.1", "pass"),
    ],
)
def test_measures_of_every_kind(web, out, body, status):
    assert _one(web, out, body).status == status


@pytest.mark.parametrize(
    ("measure", "limit", "status"),
    [
        ("language.jsd.documents", "maximum=0.001", "fail"),
        ("language.jsd.documents", "maximum=0.9", "pass"),
        ("language.total_variation.characters", "maximum=0.05", "fail"),
        ("language.hill_1_ratio.documents", "minimum=0.5", "pass"),
        ("language.difference.documents", "key='yor'\nminimum=-0.1", "fail"),
        (
            "language.difference.documents",
            "key=['yor','eng','xho']\nminimum=-0.2",
            "pass",
        ),
    ],
)
def test_drift_against_a_baseline(web, out, measure, limit, status):
    body = f"measure='{measure}'\n{limit}\n"
    assert _one(web, out, body + "baseline='old'").status == status
    by_call = _one(web, out, body, baseline=load_profile(out / "old"))
    assert by_call.status == status
    with pytest.raises(ConfigError, match="--baseline"):
        _one(web, out, body)


def test_a_profile_does_not_drift_from_itself(web, out):
    for measure in ("jsd", "total_variation", "difference"):
        key = "key='eng'\n" if measure == "difference" else ""
        body = f"measure='language.{measure}.documents'\n{key}maximum=1.0\n"
        verdict = _one(web, out, body, baseline=web)
        assert verdict.value == 0
        assert verdict.high == 0


@pytest.mark.parametrize(
    ("measure", "more"),
    [
        ("summary.near_duplicate_share", ""),
        ("summary.documents", ""),
        ("outward.share", "key='eng'"),
        ("outward.share", ""),
        ("coverage.log2_ratio", "key='NG'"),
        ("coverage_by_speakers.log2_ratio", "key='NG'"),
        ("coverage_by_speakers.erased", ""),
        ("near_figures.corrected_share", ""),
        ("language_segments.share", "key='yor'"),
        ("attribution.share.documents", "key='url'"),
        ("source_farms.share.documents", ""),
        ("domain.gini.characters", ""),
        ("platform.top_1_share.documents", ""),
        ("domain.top_1_share.characters", "within='eng'"),
    ],
)
def test_any_figure_has_its_drift(web, out, measure, more):
    old = load_profile(out / "old")
    body = f"measure='{measure}{{}}'\n{more}\nminimum=-1e9\n"
    drift = body.format(".difference")
    now = _one(web, out, body.format("")).value
    before = _one(old, out, body.format("")).value
    there = _one(web, out, drift + "baseline='old'")
    assert there.value == pytest.approx(now - before)
    assert there.low <= there.value <= there.high
    back = _one(old, out, drift, baseline=web)
    assert (back.value, back.low, back.high) == pytest.approx(
        (-there.value, -there.high, -there.low)
    )
    itself = _one(web, out, drift, baseline=web)
    assert (itself.value, itself.low, itself.high) == (0, 0, 0)
    assert ".difference" in there.rule.path
    with pytest.raises(ConfigError, match="--baseline"):
        _one(web, out, drift)


def test_the_drift_of_what_a_side_lacks_is_not_judged(web, out):
    body = "measure='{}.difference'\nmaximum=1\nbaseline='old'\n"
    assert _one(web, out, body.format("breadth.share")).value is None
    # Nor where neither side has it, and all else is equal.
    alone = body.format("breadth.share").replace("baseline='old'", "")
    assert _one(web, out, alone, baseline=web).value is None
    absent = body.format("outward.share") + "key='xho'\n"
    assert _one(web, out, absent).status == "fail"


def test_levels_and_expiry(web, out):
    body = "measure='summary.documents'\nminimum={}\nlevel='{}'\nexpires={}\n"
    past, future = "2026-11-22", "2026-11-23"
    cases = {
        (99_999, "fail", future): "fail",
        (99_999, "warn", future): "warn",
        (99_999, "warn", past): "fail",
        (1, "warn", past): "warn",
        (1, "fail", past): "warn",
        (1, "fail", f"'{future}'"): "pass",
    }
    for case, status in cases.items():
        assert _one(web, out, body.format(*case)).status == status, case


def test_nothing_to_judge_is_not_a_pass(tmp_path):
    folder = make_profile(tmp_path, "bare", located=0.0, domains=9, documents=90)
    policy = _policy(
        "[[rule]]\nname='r'\nmeasure='culture.hhi.documents'\nmaximum=1.0", tmp_path
    )
    result = apply_policy(policy, [load_profile(folder)], today=TODAY)
    assert result.exit_code == 1
    assert result.verdicts[0].value is None
    json.dumps(result.as_dict(), allow_nan=False)
    assert "nothing to judge" in to_text(gate_sections(result))


GOOD = "[[rule]]\nname='r'\nmeasure='language.hill_1.documents'\nminimum=1\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at least one"),
        ("[[rule", "valid TOML"),
        (GOOD.replace("minimum", "minimun"), "mean 'minimum'"),
        (GOOD + "[polcy]\nname='x'", "mean 'policy'"),
        (GOOD.replace("language", "langauge"), "mean 'language'"),
        (GOOD.replace("hill_1", "hil_1"), "mean 'hill_1'"),
        (GOOD.replace(".documents", ".document"), "mean 'documents'"),
        (GOOD.replace(".documents", ""), "<facet>.<measure>.<weight>"),
        (GOOD.replace("language.hill_1.documents", "summary.dokuments"), "documents"),
        (GOOD.replace("minimum=1", ""), "a minimum, a maximum"),
        (GOOD + "maximum=0.5", "at most its maximum"),
        (GOOD.replace("=1\n", "=true\n"), "is a number"),
        (GOOD.replace("=1\n", "=nan\n"), "is a number"),
        (GOOD + "level='error'", "'fail' or 'warn'"),
        (GOOD + "key='eng'", "takes no key"),
        (GOOD.replace("hill_1", "share"), "needs a key"),
        (GOOD.replace("hill_1", "share") + "key='english'", "ISO 639-3"),
        (GOOD.replace("hill_1", "share") + "key=['eng','eng']", "counts once"),
        (GOOD.replace("hill_1", "share") + "key=3", "a text"),
        (GOOD + "expires='soon'", "2027-01-31"),
        (GOOD + "baseline='x'", "measure of drift"),
        (GOOD + GOOD, "a name of its own"),
        (
            GOOD.replace("hill_1.documents", "share.documents.difference"),
            "Write 'language.difference.documents'",
        ),
        (
            GOOD.replace("hill_1.documents", "jsd.documents.difference"),
            "between two profiles",
        ),
        (
            GOOD.replace("language.hill_1.documents", "outward.shar.difference"),
            "mean 'share'",
        ),
        (GOOD.replace("name='r'", "name=''"), "has a name"),
        (GOOD.replace("language.hill_1", "script.hill_1_similarity"), "likeness"),
        (GOOD.replace("language.hill_1", "category.ginny"), "category has"),
        (GOOD + "within='swh'", "within goes with"),
        (GOOD.replace("language.hill_1", "domain.hill_0") + "within='swh'", "inside a"),
        (GOOD.replace("language", "domain") + "within='Swahili'", "within is"),
        (GOOD.replace("language.hill_1", "source_farms.hhi"), "source_farms has"),
        (
            GOOD.replace("language.hill_1", "attribution.share") + "key='wish'",
            "'field'",
        ),
        (GOOD.replace("language.hill_1", "domain.located_share"), "culture.located"),
        (GOOD.replace("language.hill_1.documents", "coverage.eased"), "mean 'erased'"),
        (GOOD.replace("language.hill_1.documents", "coverage.log2_ratio"), "needs a"),
        (
            GOOD.replace("language.hill_1.documents", "coverage.log2_ratio")
            + "key='Kenya'",
            "ISO 3166-1",
        ),
        (
            GOOD.replace("language.hill_1.documents", "language_segments.share")
            + "key=['eng','fra']",
            "one key",
        ),
    ],
)
def test_what_is_not_understood_is_an_error(text, words, tmp_path):
    with pytest.raises(ConfigError, match=words):
        _policy(text, tmp_path)


def test_missing_files_and_presets_are_named(tmp_path, web):
    with pytest.raises(ConfigError, match="preset:balanced"):
        load_policy(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="mean 'balanced'"):
        load_policy("preset:balancd")
    with pytest.raises(ConfigError, match=r"overlap\.parquet"):
        _one(web, tmp_path,
             "measure='overlap.share.documents'\nkey='gone'\nmaximum=1")  # fmt: skip


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_explained_and_can_be_applied(name, web, out):
    policy = load_policy(f"preset:{name}")
    assert policy.description.strip()
    assert all(rule.reason for rule in policy.rules)
    result = apply_policy(
        policy, [web], today=TODAY, baseline=load_profile(out / "old")
    )
    assert len(result.verdicts) == len(policy.rules)
    json.dumps(result.as_dict(), allow_nan=False)


def test_presets_by_name():
    assert preset_names() == [
        "balanced", "deduplicated", "multilingual", "open-garden", "steady"
    ]  # fmt: skip


def test_outputs_agree(web, out):
    text = (
        "[policy]\nname='mine'\ndescription='why'\n"
        + GOOD
        + "[[rule]]\nname='b <|> b'\nmeasure='summary.documents'\nminimum=1e9\n"
        + "reason='too \\u0007small'\n"
        + "[[rule]]\nname='c'\nmeasure='summary.files'\nminimum=9\nlevel='warn'\n"
    ).replace("'too \\u0007small'", '"too \\u0007small"')
    result = apply_policy(_policy(text, out), [web], today=TODAY)
    assert result.exit_code == 1
    assert (result.count("pass"), result.count("warn"), result.count("fail")) == (
        1,
        1,
        1,
    )
    suite = ET.fromstring(gate_junit(result)).find("testsuite")
    assert suite.attrib["failures"] == "1"
    assert [c.find("failure") is not None for c in suite] == [False, True, False]
    assert suite[2].find("system-out").text.startswith("warning:")
    markdown = to_markdown(gate_sections(result))
    assert "Failed: 1 failed, 1 warned, 1 passed (2026-11-23)." in markdown
    assert "b &lt;\\|> b" in markdown
    table = to_text(gate_sections(result))
    assert table.index("FAIL") < table.index("WARN") < table.index("pass ")


def test_concentration_is_judged_inside_a_language(web, out):
    table = web.frame("concentration")
    for facet, measure in (("domain", "top_10_share"), ("platform", "hill_1")):
        row = table.filter(facet=facet, language="yor", weight="documents").row(
            0, named=True
        )
        body = f"measure = '{facet}.{measure}.documents'\nwithin = 'yor'\n"
        verdict = _one(web, out, body + "minimum = 0.0")
        assert verdict.value == pytest.approx(row[measure])
        assert verdict.rule.path.endswith("within yor")
    frame = web.frame("mix").filter(pl.col("language") == "yor")
    sites = frame.filter(pl.col("domain") != "").group_by("domain")
    ten = sites.agg(pl.col("documents").sum()).top_k(10, by="documents")
    share = ten["documents"].sum() / frame["documents"].sum()
    body = "measure = 'domain.top_10_share.documents'\nwithin = 'yor'\nmaximum = 1"
    assert _one(web, out, body).value == pytest.approx(share)
    gone = "measure = 'domain.hhi.documents'\nwithin = 'kin'\nmaximum = 1"
    assert _one(web, out, gone).status == "fail"


def test_what_sources_rest_on_and_farms_can_be_named(web, out):
    body = "measure = 'attribution.share.documents'\nkey = 'url'\nminimum = 0.5"
    verdict = _one(web, out, body)
    summary = web.summary
    share = summary["documents_with_url"] / summary["documents"]
    assert verdict.value == pytest.approx(share)
    farms = "measure = 'source_farms.share.documents'\nmaximum = 0.01"
    assert _one(web, out, farms).value == 0
    tenth = "measure = 'domain.top_tenth_share.characters'\nmaximum = 1"
    assert 0.1 < _one(web, out, tenth).value < 1


@pytest.mark.parametrize("table", sorted(TABLE_FIGURES))
def test_every_figure_of_a_table_is_what_the_table_holds(table):
    from schemas.profile import TABLES

    bounds = {"low": 0.1, "high": 0.3}
    coverage = {
        "culture": "k", "log2_ratio": -4.0, "low": -5.0, "high": -3.5, "erased": True,
    }  # fmt: skip
    rows = {
        "breadth": {
            "culture": "k", "references_in_three_sources": 3, "references_known": 12,
        },
        "coverage_by_speakers": coverage,
        "outward": {"language": "k", "outward_share": 0.2} | bounds,
        "contamination_sets": {"evaluation_set": "k", "share": 0.2} | bounds,
        "coverage": coverage,
        "language_estimates": {
            "language": "k", "estimated_share": 0.2, "estimated_low": 0.1,
            "estimated_high": 0.3, "ratio": 0.5,
        },
        "language_opinions": {"language": "k", "documents": 50, "agreeing": 40},
        "language_segments": {"language": "k", "script": "Latn", "characters": 10},
        "near_figures": {
            "figure": "corrected_documents", "value": 4.0, "low": 3.0, "high": 6.0,
        },
        "duplicates_detail": {"facet": "domain", "key": "k", "wiped_out": True},
    }  # fmt: skip
    expected = {
        "contamination_sets.share": (0.2, 0.1, 0.3),
        "coverage.log2_ratio": (-4, -5, -3.5),
        "coverage.erased": (1, 1, 1),
        "breadth.share": (0.25, 0.25, 0.25),
        "breadth.cultures": (1, 1, 1),
        "coverage_by_speakers.log2_ratio": (-4, -5, -3.5),
        "coverage_by_speakers.erased": (1, 1, 1),
        "outward.share": (0.2, 0.1, 0.3),
        "language_estimates.estimated_share": (0.2, 0.1, 0.3),
        "language_estimates.ratio": (0.5, 0.5, 0.5),
        "language_opinions.agreement": (0.8, 0.6696, 0.8876),
        "language_segments.share": (1, 1, 1),
        "near_figures.corrected_share": (0.4, 0.3, 0.6),
        "near_figures.largest_cluster_share": (math.nan,) * 3,
        "duplicates_detail.wiped_out_domains": (1, 1, 1),
        "duplicates_detail.wiped_out_languages": (0, 0, 0),
    }
    schema = pl.DataFrame(pl.from_arrow(TABLES[table].schema.empty_table())).schema
    frame = pl.DataFrame([dict.fromkeys(schema) | rows[table]], schema=schema)
    for name, known in TABLE_FIGURES[table].items():
        found = known.find(frame, "k", 10)
        wanted = expected[f"{table}.{name}"]
        assert tuple(found) == pytest.approx(wanted, abs=1e-4, nan_ok=True), name
