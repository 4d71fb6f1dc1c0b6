"""What is told of a run while it runs."""

import pytest

from audit.commands.progress import progress_line
from audit.job.progress import Progress, Totals


def test_getting_ready_is_not_progress():
    progress = Progress()
    with progress.preparing("compiling"):
        progress.enter("reading")
        progress.add(3, 500)
        assert progress.snapshot() == Totals("compiling", 0, 0, True)
    progress.enter("reading")
    progress.add(3, 500)
    assert progress.snapshot() == Totals("reading", 3, 500, False)


def test_getting_ready_ends_when_it_fails():
    progress = Progress()
    with pytest.raises(ValueError, match="no"), progress.preparing("compiling"):
        raise ValueError("no")
    assert not progress.snapshot().preparing


@pytest.mark.parametrize(
    ("now", "seconds", "line"),
    [
        (Totals("", 0, 0, False), 0.0, "planning ..."),
        (Totals("compiling", 0, 0, True), 0.0, "compiling ..."),
        (Totals("reading", 0, 0, False), 0.0, "reading ..."),
        (
            Totals("reading", 500, 1_000, False),
            5.0,
            "reading: 500 documents, 0.0 of 4.0 MB read (0%), 100 documents/s",
        ),
        (
            Totals("reading", 500, 1_000_000, False),
            5.0,
            "reading: 500 documents, 1.0 of 4.0 MB read (25%), 100 documents/s, "
            "about 15 s of reading left",
        ),
        (
            Totals("writing", 500, 4_000_000, False),
            5.0,
            "writing: 500 documents, 4.0 of 4.0 MB read (100%)",
        ),
    ],
)
def test_a_line_promises_only_what_is_known(now, seconds, line):
    assert progress_line(now, 4_000_000, seconds) == line
