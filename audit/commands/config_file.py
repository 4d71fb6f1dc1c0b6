"""``--config FILE.toml``: the options of a command from a file.

In: a TOML file whose keys are the names of options. Out: their defaults; what stands on
the command line wins. A key that is no option is an error that names the nearest one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from audit.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["config_option", "read_toml"]


def read_toml(path: str) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: it is not there, or not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise ConfigError(
            "The file can be read",
            value=error.strerror,
            where=path,
            next_step="Check its name.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            "The file is TOML in UTF-8",
            value=str(error),
            where=path,
            next_step="Mend the line it names.",
        ) from error


def _load(ctx: click.Context, _: click.Parameter, path: str | None) -> str | None:
    if path is None:
        return None
    known = {p.name for p in ctx.command.params if p.name != "config"}
    defaults: dict[str, Any] = {}
    for key, value in read_toml(path).items():
        name = key.replace("-", "_")
        if name not in known:
            near = get_close_matches(name, [k for k in known if k], n=1)
            raise ConfigError(
                "Every key of a config file is an option of the command",
                value=key,
                where=path,
                next_step=f"Did you mean {near[0]!r}?" if near else "Remove it.",
            )
        defaults[name] = ",".join(value) if name == "keep" else value
    ctx.default_map = {**(ctx.default_map or {}), **defaults}
    return path


def config_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--config`` to a command."""
    return click.option(
        "--config",
        metavar="FILE.toml",
        is_eager=True,
        expose_value=True,
        callback=_load,
        help="Options from a TOML file; the command line wins.",
    )(function)
