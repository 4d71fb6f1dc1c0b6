"""The facade is exact, imports nothing by itself, and does not need Beam."""

from __future__ import annotations

import subprocess
import sys

import audit


def test_the_facade_names_what_it_has():
    for name in audit.__all__:
        assert getattr(audit, name) is not None
    assert sorted(audit.__all__) == sorted(audit._PLACES) == dir(audit)


def test_import_audit_works_without_beam_and_loads_nothing_heavy():
    code = (
        "import sys; sys.modules['apache_beam'] = None; import audit, audit.cli; "
        "heavy = {'numpy', 'numba', 'pyarrow', 'polars'} & set(sys.modules); "
        "assert not heavy, heavy; import audit.run, audit.local"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
