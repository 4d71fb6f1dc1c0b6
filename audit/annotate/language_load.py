"""From a model's name to a model that runs, by the kernel or else by fasttext-wheel.

In: the name or path that a user gives. Out: a `LanguageModel` with its calibration,
where one lies beside the file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from audit.annotate.fasttext_file import UnsupportedModelError, read_model
from audit.annotate.language_files import find_model
from audit.annotate.language_model import LanguageModel
from audit.annotate.language_relatives import read_relatives
from audit.annotate.language_wheel import WheelModel, wheel_file
from audit.resources.language_codes import parse_label

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["load_model"]


def load_model(name: str | Path | None = None) -> LanguageModel:
    """Return a model by name or path (see `find_model`), ready to run.

    Raises:
        ConfigError: there is no such file, it is no supervised fastText model, or one
            that only fasttext-wheel runs, which is not installed.
    """
    path = find_model(name)
    by_wheel = False
    try:
        model = read_model(path)
    except UnsupportedModelError as refusal:
        model, by_wheel = wheel_file(path, refusal), True
    # A model that `build_language_model` made has its card beside it.
    card = path.with_suffix(".json")
    facts = json.loads(card.read_bytes()) if card.is_file() else {}
    ours = facts.get("reads") == "plain"
    pairs = [parse_label(label) for label in model.labels]
    calibration: dict[str, NDArray[np.float64]] = {}
    prior = np.ones(len(pairs), np.float32)
    stored = path.with_name("calibration.npz")
    if ours and stored.is_file():
        with np.load(stored, allow_pickle=False) as arrays:
            calibration = {key: arrays[key] for key in arrays.files}
        prior = calibration.pop("prior", prior).astype(np.float32)
    languages = tuple(language for language, _ in pairs)
    scripts = tuple(script for _, script in pairs)
    if by_wheel:
        return WheelModel(
            path.name, model, languages, scripts, ours, calibration, prior, path=path
        )
    stored = path.with_name("relatives.npz")
    names = [f"{language}_{script}" for language, script in pairs]
    relatives = read_relatives(stored, names) if ours and stored.is_file() else None
    return LanguageModel(
        path.name, model, languages, scripts, ours, calibration, prior, relatives
    )
