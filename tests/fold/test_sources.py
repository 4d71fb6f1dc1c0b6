"""Tables made of the joint counts: what sources rest on, and farms of domains."""

import polars as pl
import pyarrow as pa
from profiles_factory import make_profile

from audit.compare.load import load_profile
from audit.compare.merge import merge_tables
from audit.fold.sources import SOURCE_TABLES, source_tables
from schemas.profile import TABLES


def _mix(rows):
    keys = dict.fromkeys(TABLES["mix"].keys, pl.String)
    counts = dict.fromkeys(TABLES["mix"].additive, pl.Int64)
    full = [
        {"domain": "", "language": "eng"} | dict.fromkeys(counts, 1) | row
        for row in rows
    ]
    return pl.DataFrame(full, schema=keys | counts).to_arrow()


def test_a_source_rests_on_the_url_on_a_field_or_on_nothing():
    mix = _mix(
        [
            {"domain": "a.com", "documents": 5},
            {"domain": "a.com", "platform": "A", "documents": 2, "language": "fra"},
            {"platform": "A", "documents": 3},
            {"category": "books", "documents": 4},
            {"country": "FR", "documents": 6},
            {"documents": 7},
        ]
    )
    table = source_tables(mix)["attribution"].to_pylist()
    found = {(r["attributed_by"], r["language"]): r["documents"] for r in table}
    assert found == {
        ("url", "eng"): 5, ("url", "fra"): 2, ("field", "eng"): 13, ("none", "eng"): 7,
    }  # fmt: skip


def test_farms_show_with_their_share_and_people_do_not():
    farm = [
        {"domain": f"casino{i}.top", "suffix": "top", "documents": 10}
        for i in range(50)
    ]
    people = [
        {"domain": f"{name}.org", "suffix": "org", "documents": 400}
        for name in ("garden", "harbour", "weaving", "chess", "orchard")
    ]
    (row,) = source_tables(_mix([*farm, *people]))["source_farms"].to_pylist()
    assert (row["kind"], row["shape"], row["domains"]) == ("series", "casino#", 50)
    assert (row["documents"], row["share"]) == (500, 0.2)
    assert len(row["examples"]) == 5
    assert source_tables(_mix(people))["source_farms"].num_rows == 0


def test_a_merge_makes_them_again_from_the_merged_counts(tmp_path):
    for seed, name in enumerate(("a", "b")):
        make_profile(tmp_path, name, seed, domains=30, documents=900, replicates=4)
    parts = [load_profile(tmp_path / name) for name in ("a", "b")]
    merged = merge_tables(parts, "both")
    again = source_tables(merged["mix"])
    for name in SOURCE_TABLES:
        keys = TABLES[name].keys
        ours = pl.from_arrow(merged[name]).drop("corpus").sort(keys)
        theirs = pl.from_arrow(again[name]).sort(keys)
        assert ours.equals(theirs.select(ours.columns)), name
    whole = pl.from_arrow(merged["attribution"])
    total = sum(part.summary["documents"] for part in parts)
    assert whole["documents"].sum() == total


def test_the_tables_have_the_columns_of_their_contracts():
    for name, table in source_tables(_mix([])).items():
        assert set(table.column_names) | {"corpus"} == set(TABLES[name].schema.names)
        assert isinstance(table, pa.Table)
