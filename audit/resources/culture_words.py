"""How common a form is as a word; used by the gazetteer's build only.

In: wordfreq's lists of words by language, a development dependency. Out: the Zipf
frequency of a form (the decimal logarithm of how often it occurs in a billion words).
A town of fifty thousand people is not named as often as words are: a form that is more
frequent than its place can be is a word that the place shares.
"""

from __future__ import annotations

import math
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

from audit.resources.culture_sources import script_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CASED", "by_accident", "elsewhere", "zipf"]

# Scripts whose capitals tell names from words.
CASED = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN"})
# Words rarer than this tell nothing.
_LEAST = 2.0
# A loan word is about as common in many languages; a word of its own language is this
# much more common there than in all but so many others.
_LESS, _FEW = 1.0, 3
# Where a word may be one of a language other than the form's, these are looked at.
_LEAST_ELSEWHERE = 3.0


@cache
def _frequencies() -> Mapping[str, float]:
    """Return the highest frequency of every word in any language."""
    import wordfreq

    highest: dict[str, float] = defaultdict(float)
    for language in sorted(wordfreq.available_languages()):
        for word, share in wordfreq.get_frequency_dict(language).items():
            value = math.log10(share) + 9
            if value >= _LEAST:
                highest[word] = max(highest[word], value)
    return highest


def zipf(form: str) -> float:
    """Return the Zipf frequency of a single word, 0 where it is on no list."""
    found = _frequencies()
    if script_of(form) == "CJK":
        # The lists hold simplified Chinese.
        return max(found.get(form, 0.0), found.get(_simplified(form), 0.0))
    return found.get(form.casefold(), 0.0)


@cache
def _by_language() -> Mapping[str, Mapping[str, float]]:
    """Return how frequent every common word is, by language (ISO 639-1)."""
    import wordfreq

    found: dict[str, dict[str, float]] = defaultdict(dict)
    for language in sorted(wordfreq.available_languages()):
        for word, share in wordfreq.get_frequency_dict(language).items():
            value = math.log10(share) + 9
            if value >= _LEAST_ELSEWHERE:
                found[word][language] = value
    return found


def elsewhere(form: str, own: frozenset[str]) -> float:
    """Return the Zipf frequency of a form where it is a word of another language.

    Args:
        form: a single word.
        own: languages (ISO 639-1) in which the form is the name itself.

    Returns:
        0 where it is on no list of another language, is more common in its own, or is
        about as common in many: a name or a loan word, then.
    """
    found = _by_language().get(form.casefold(), {})
    foreign = [value for language, value in found.items() if language not in own]
    top = max(foreign, default=0.0)
    at_home = max((v for language, v in found.items() if language in own), default=0.0)
    near = sum(value >= top - _LESS for value in foreign)
    return top if near <= _FEW and top > at_home + _LESS / 2 else 0.0


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def _simplified(form: str) -> str:
    return str(_converter().convert(form))


@cache
def _borders() -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return how often Chinese words end with, and begin with, each character."""
    import wordfreq

    ends: dict[str, float] = defaultdict(float)
    begins: dict[str, float] = defaultdict(float)
    for word, share in wordfreq.get_frequency_dict("zh").items():
        ends[word[-1]] += share
        begins[word[0]] += share
    return ends, begins


def by_accident(form: str) -> float:
    """Return the Zipf frequency at which two characters meet between Chinese words.

    A place of two characters (会安) is found wherever a word that ends with the first
    stands before a word that begins with the second (我们会 安装).
    """
    if len(form) != 2 or script_of(form) != "CJK":
        return 0.0
    ends, begins = _borders()
    pair = _simplified(form)
    chance = ends.get(pair[0], 0.0) * begins.get(pair[-1], 0.0)
    return math.log10(chance) + 9 if chance else 0.0
