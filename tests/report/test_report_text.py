"""The terminal summary: fits, lines up, and lets no data command the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from profiles_factory import make_profile
from report_profiles import empty_profile
from rich.cells import cell_len
from rich.console import Console

from audit.report import summary_table
from audit.report.text import printable


def show(profiles: list[Path], width: int) -> list[str]:
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(summary_table(profiles))
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit_and_figures_line_up(profiles: list[Path], width: int) -> None:
    lines = show(profiles, width)
    assert all(cell_len(line.rstrip()) <= width for line in lines)
    figures = [line for line in lines if any(path.name in line for path in profiles)][
        : len(profiles)
    ]
    ends = {cell_len(line.rstrip()) for line in figures}
    assert len(figures) == 3
    assert len(ends) == 1, "the last column ends at one place in every script"


def test_table_says_where_the_files_are(profiles: list[Path]) -> None:
    text = "".join(show(profiles, 80)).replace("\n", "")
    assert f"Files: {profiles[0].parent}" in text


def test_languages_stand_below_their_corpus(profiles: list[Path]) -> None:
    lines = show(profiles, 80)
    at = next(i for i, line in enumerate(lines) if line.startswith("web"))
    assert "eng" in lines[at + 1]
    assert "%" in lines[at + 1]


def test_empty_corpus_and_many_corpora(tmp_path: Path) -> None:
    profiles = [empty_profile(tmp_path)]
    profiles += [
        make_profile(tmp_path, f"c{n}", n, documents=60, domains=6, replicates=1)
        for n in range(11)
    ]
    text = "\n".join(show(profiles, 80))
    assert all(path.name in text for path in profiles)


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in printable("\x1b[2Jcorpus\x07")
    assert "\u202e" not in printable("a\u202eb")
    assert printable("plain [bold]x[/bold]") == "plain [bold]x[/bold]"
    assert printable("नेपाली\u200dक") == "नेपाली\u200dक"
    assert printable("مدونة") == "\u2068مدونة\u2069"


def test_names_are_no_markup(tmp_path: Path) -> None:
    profile = make_profile(
        tmp_path, "[red]web[]", documents=60, domains=6, replicates=1
    )
    assert any("[red]web[]" in line for line in show([profile], 80))


def test_heads_are_whole_where_there_is_room(profiles: list[Path]) -> None:
    assert show(profiles, 120)[0].split() == [
        "Corpus", "Documents", "Languages", "Sources", "Near-duplicates", "Located",
        "Cultures", "Rejects",
    ]  # fmt: skip
    narrow, wide = (show(profiles, width) for width in (80, 120))
    # The same figures and sentences below them, whatever the line they stand in.
    assert " ".join(narrow[2:]).split() == " ".join(wide[1:]).split()
