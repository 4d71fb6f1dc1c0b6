"""What a run says of evaluation sets: profiles in, one line a set and corpus out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["contamination_lines"]


def contamination_lines(folders: Sequence[Path]) -> Iterator[str]:
    """Yield a line for each evaluation set of each profile that has looked for one."""
    for folder in folders:
        path = folder / "contamination_sets.parquet"
        if not path.exists():
            continue
        for row in pq.read_table(path).to_pylist():
            short = row["contaminated_short_items"]
            yield (
                f"{row['evaluation_set']} in {row['corpus']}: "
                f"{row['contaminated_items']:,} of {row['items']:,} items contaminated"
                f" ({_percent(row['share'])}, {_percent(row['low'])} to "
                f"{_percent(row['high'])})"
                + (f", {short:,} of them shorter than a window" if short else "")
                + (
                    f"; {row['rejected_items']:,} records could not be read"
                    if row["rejected_items"]
                    else ""
                )
            )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
