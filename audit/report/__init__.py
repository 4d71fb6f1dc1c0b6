"""Profiles in, a page and a terminal table out.

In: folders of stored profiles. Out: `build_page` writes one self-contained HTML file;
`summary_table` gives what `corpus-audit profile` prints at its end.
"""

from audit.report.html import build_page
from audit.report.text import summary_table

__all__ = ["build_page", "summary_table"]
