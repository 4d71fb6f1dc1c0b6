"""Which documents are garbled: decoded with the wrong table before they came here.

In: a batch. Out: the column ``mojibake`` of `schemas.annotation`. Such a document stays
a document, with the language it can still be read as; the profile counts how many there
are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from audit.kernels.mojibake import PAGES, is_mojibake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audit.batch import Batch

__all__ = ["MojibakeAnnotator"]


class MojibakeAnnotator:
    """Adds whether each document is mojibake; see `audit.kernels.mojibake`."""

    name = "mojibake@1"

    def fingerprint(self) -> Mapping[str, str]:
        """Return the code pages that are looked for."""
        return {"pages": ",".join(PAGES)}

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array]:
        """Return the column, one boolean a document."""
        return {"mojibake": pa.array(is_mojibake(*batch.raw_text))}
