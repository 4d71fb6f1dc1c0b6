import json
import re
from pathlib import Path

import polars as pl
import pytest
from profiles_factory import make_profile, with_located, write_profile

from audit.compare.export import FORMATS, ExportOptions, export_profile
from audit.compare.export_eu import FIELDS, OPEN
from audit.compare.load import load_profile
from audit.errors import ConfigError
from schemas.profile import MEANINGS, TABLES

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """A corpus of 40 domains, written by hand: no random numbers, no dates of today."""
    places = [("fr", "FR", "fra"), ("ng", "NG", "yor"), ("com", None, "eng")]
    rows = []
    for i in range(40):
        suffix, country, language = places[i % 3]
        domain = f"site{i:02}.{suffix}"
        rows.append(
            {
                "unit": domain,
                "domain": domain,
                "suffix": suffix,
                "country": country,
                "platform": "Wiki|pedia <b>" if i == 4 else None,
                "operator": "Wikimedia" if i == 4 else None,
                "category": "encyclopedia" if i == 4 else "news",
                "language": language,
                "script": "Latn",
                "documents": 10 + i,
                "characters": 1000 * (40 - i),
                "bytes": 1100 * (40 - i),
                "words": 180 * (40 - i),
                "confidence_micros": 900_000 * (10 + i),
            }
        )
    rows.append(
        rows[0] | {"unit": "~a.1", "domain": "", "suffix": None, "country": None,
                   "language": "und", "script": "Zyyy", "documents": 5}
    )  # fmt: skip
    keys = dict.fromkeys(TABLES["mix"].keys, pl.String)
    mix = pl.DataFrame(
        rows, schema=keys | dict.fromkeys(TABLES["mix"].additive, pl.Int64)
    )
    culture = pl.DataFrame(
        {
            "unit": ["site00.fr", "site01.ng", "site02.com"],
            "culture": ["FR", "NG", "US"],
            "language": ["fra", "yor", "eng"],
            "category": ["food", "person", "food"],
            "reference": ["FR:food:1", "NG:person:1", "US:food:1"],
            "documents": [5, 3, 2],
            "characters": [500, 300, 200],
            "mentions": [7, 3, 2],
        }
    )
    folder = tmp_path_factory.mktemp("out")
    return load_profile(
        write_profile(
            folder,
            "hand made",
            with_located(mix, culture),
            culture,
            replicates=40,
            rejected=2,
        )
    )


def test_every_table_has_a_sentence():
    assert set(MEANINGS) == set(TABLES)


OPTIONS = ExportOptions(
    licence="CC-BY-4.0",
    url="https://example.org/corpus",
    date_published="2026-11-23",
    answers={"provider": "Example | Ltd."},
)


def _steady(text, style):
    """Blank out what depends on the Parquet writer, and on columns added later."""
    if style == "croissant":
        value = json.loads(text)
        for records in value["recordSet"]:
            names = [f["name"] for f in records["field"]]
            assert names == TABLES[records["name"]].schema.names
            records["field"] = records["field"][:2]
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    text = re.sub(r'"sha256": "[0-9a-f]{64}"', '"sha256": "..."', text)
    return re.sub(r'"contentSize": "\d+ B"', '"contentSize": "..."', text)


@pytest.mark.parametrize("style", FORMATS)
def test_golden_files(profile, style):
    text = _steady(export_profile(profile, style, OPTIONS), style)
    path = (
        GOLDEN / f"export_{style}.{'md' if style in ('card', 'eu-summary') else 'json'}"
    )
    # To remake one: delete it, run this test twice, read the difference.
    if not path.exists():
        path.write_text(text, "utf-8")
        pytest.fail(f"written anew: {path.name}")
    assert text == path.read_text("utf-8")


def test_the_card_s_front_matter(profile):
    card = export_profile(profile, "card")
    front = card.split("---\n")[1]
    assert 'license: "unknown"' in front
    assert '- "yor"' in front
    assert "und" not in front
    assert '- "1K<n<10K"' in front
    assert "Wiki\\|pedia &lt;b>" in card


@pytest.mark.parametrize(
    ("domains", "small", "listed"),
    [(95, False, 10), (95, True, 5), (30_000, True, 1000), (30_000, False, 3000)],
)
def test_the_domains_of_the_eu_summary(tmp_path, domains, small, listed):
    rows = pl.DataFrame({"unit": [f"d{i}.org" for i in range(domains)]}).with_columns(
        (1 + pl.int_range(pl.len())).alias(name) for name in TABLES["mix"].additive
    )
    unknown = ("platform", "operator", "category", "country")
    mix = rows.with_columns(
        *(pl.lit(None, pl.String).alias(k) for k in unknown),
        domain="unit", suffix=pl.lit("org"), language=pl.lit("eng"),
        script=pl.lit("Latn"),
    )  # fmt: skip
    culture = pl.DataFrame(
        schema={
            **dict.fromkeys(
                ("unit", "culture", "language", "category", "reference"), pl.String
            ),
            **dict.fromkeys(("documents", "characters", "mentions"), pl.Int64),
        }
    )
    folder = write_profile(tmp_path, "c", mix, culture, replicates=4)
    options = ExportOptions(small_provider=small)
    found = json.loads(export_profile(load_profile(folder), "eu-summary-json", options))
    names = [d["domain"] for d in found["domains"]]
    assert len(names) == listed
    assert names[0] == f"d{domains - 1}.org"
    sizes = [d["bytes"] for d in found["domains"]]
    assert sizes == sorted(sizes, reverse=True)


def test_the_eu_summary_invents_nothing(profile):
    found = json.loads(export_profile(profile, "eu-summary-json", OPTIONS))
    fields = {f["name"]: f for f in found["fields"]}
    assert set(fields) == set(FIELDS)
    assert fields["provider"]["source"] == "provider"
    assert fields["crawlers"] == {
        "name": "crawlers", "section": "2.3", "source": "open", "text": OPEN,
        "title": FIELDS["crawlers"][1],
    }  # fmt: skip
    assert "Less than 1 billion" in fields["size"]["text"]


def test_wrong_words_are_refused(profile):
    with pytest.raises(ConfigError, match="eu-summary"):
        export_profile(profile, "pdf")
    with pytest.raises(ConfigError, match="mean 'provider'"):
        export_profile(profile, "eu-summary", ExportOptions(answers={"provder": "me"}))


@pytest.mark.parametrize("style", FORMATS)
def test_an_empty_corpus_exports(tmp_path, style):
    folder = make_profile(
        tmp_path, "none", domains=1, documents=0, located=0.0, replicates=4
    )
    assert export_profile(load_profile(folder), style)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_croissant_is_valid_and_leads_to_the_tables(profile):
    # The reference implementation reads what we describe; CI installs it.
    croissant = pytest.importorskip(
        "mlcroissant", reason="pip install mlcroissant to validate Croissant"
    )
    path = profile.folder / "croissant.json"
    path.write_text(export_profile(profile, "croissant", OPTIONS), "utf-8")
    dataset = croissant.Dataset(jsonld=path)
    assert dataset.metadata.ctx.issues.errors == set()
    rows = list(dataset.records("language"))
    counted = {(r["language/language"].decode(), r["language/documents"]) for r in rows}
    expected = profile.frame("language").select("language", "documents").rows()
    assert counted == set(expected)
