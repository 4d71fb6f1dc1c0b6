"""Writes the page: one file, no network, every piece of data escaped.

In: the view model. Out: HTML with its style, script and drawings inside. The content
security policy allows exactly that one style and that one script, by their hashes, so
that nothing in the data could run or load even if it slipped through the escaping.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from jinja2 import (
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
)
from jinja2.bccache import Bucket
from markupsafe import Markup

from audit.errors import ConfigError
from audit.report.model import Page, build_model
from audit.report.names import language_tag
from audit.report.parts.cultures import world
from audit.report.sheet import Cell, Column
from audit.startup import cache_folder

__all__ = ["build_page", "render"]

_HERE = Path(__file__).parent


def build_page(
    profiles: list[Path], out: Path, *, title: str | None = None, largest: bool = False
) -> None:
    """Write one self-contained HTML page about one to ten profiles.

    Args:
        profiles: Folders of profiles, each with summary.parquet and the other tables;
            ``overlap.parquet`` is looked for beside them.
        out: The file to write; it appears whole or not at all.
        title: Heading of the page instead of the names of the corpora.
        largest: Show the ten largest of more corpora, and say so, instead of refusing.

    Raises:
        UsageError: No profile, or more than ten.
        ProfileError: A table is missing or unreadable.
        ConfigError: ``out`` cannot be written.
    """
    text = render(build_model(list(map(Path, profiles)), largest=largest), title=title)
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            # mkstemp is private to its owner; a report is as readable as other files.
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
            Path(name).replace(out)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(
            "the report can be written to --out",
            value=str(error),
            where=str(out),
            next_step="Give a file in a folder that you can write to.",
        ) from error


def render(page: Page, *, title: str | None = None) -> str:
    """Return the HTML text of a view model."""
    environment = Environment(
        bytecode_cache=_templates(),
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell_class"] = _cell_class
    environment.filters["tag"] = language_tag
    # Only drawings made by audit.report.svg pass through here unescaped.
    environment.filters["drawing"] = Markup
    style = (_HERE / "static" / "page.css").read_text("utf-8")
    script = (_HERE / "static" / "page.js").read_text("utf-8")
    return environment.get_template("page.html.j2").render(
        page=page,
        title=title or page.title,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        world=world(),
    )


class _Templates(FileSystemBytecodeCache):
    """Compiled templates of earlier processes; where none can be kept, none are."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)


def _templates() -> _Templates:
    folder = cache_folder() / "templates"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _Templates(str(folder))


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _cell_class(cell: Cell, column: Column) -> str:
    names = ["n"] if column.numeric else []
    if cell.bar:
        names += ["bar", f"b{cell.bar}"]
    if cell.heat:
        names.append(f"h{cell.heat}")
    return " ".join(names)
