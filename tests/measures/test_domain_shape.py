"""Planted farms are found, lists that people made raise no alarm."""

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures.domain_shape import domain_farms
from audit.resources.platforms import registry
from audit.resources.suffixes import place_of, suffix_rules

CHEAP = suffix_rules().cheap


PLACES = sorted(
    {place.domain: place for place in map(place_of, registry().by_host)}.values(),
    key=lambda place: place.domain,
)


def people(n=3_000, seed=1):
    """Real registered domains with sizes of a power law."""
    dice = random.Random(seed)
    return [
        (place.domain, place.suffix, max(1, int(dice.paretovariate(0.9))))
        for place in dice.sample(PLACES, n)
    ]


def farms(rows, **more):
    return domain_farms(*zip(*rows, strict=True), cheap=CHEAP, **more)


def even(dice):
    return dice.randint(80, 120)


def series(n, tld="top"):
    dice = random.Random(2)
    return [(f"casino{i:03}.{tld}", tld, even(dice)) for i in range(n)]


def frames(n):
    dice = random.Random(3)
    words = [
        a + b
        for a in ("par", "lon", "mil", "osl", "kie")
        for b in string.ascii_lowercase
    ]
    return [
        (f"cheap-hotels-{word}.{tld}", tld, even(dice))
        for word, tld in zip(words[:n], ["xyz", "site"] * n, strict=False)
    ]


def noise(n):
    dice = random.Random(4)
    letters = string.ascii_lowercase + string.digits * 2
    names = ["".join(dice.choices(letters, k=8)) for _ in range(n)]
    return [(f"{name}.icu", "icu", even(dice)) for name in names]


@pytest.mark.parametrize(
    ("planted", "kind", "shape"),
    [
        (series(60), "series", "casino#"),
        (frames(60), "frame", "cheap-*-*"),
        (noise(120), "random", "8 random .icu"),
    ],
)
def test_a_planted_farm_is_found_among_people(planted, kind, shape):
    (found,) = farms(people() + planted)
    assert (found.kind, found.shape) == (kind, shape)
    assert found.domains >= len(planted) / 2
    assert set(found.examples) <= {domain for domain, _, _ in planted}
    assert found.documents <= sum(documents for *_, documents in planted)


def test_three_farms_at_once_largest_first():
    found = farms(people() + series(90) + frames(40) + noise(150))
    assert {farm.kind for farm in found} == {"series", "frame", "random"}
    assert [farm.documents for farm in found] == sorted(
        (farm.documents for farm in found), reverse=True
    )
    assert all(0.4 <= farm.score <= 1 and 0 < farm.evenness <= 1 for farm in found)


@pytest.mark.parametrize("seed", range(5))
def test_lists_of_people_raise_no_alarm(seed):
    assert farms(people(4_000, seed)) == []


def test_the_same_shapes_under_dear_suffixes_are_no_farm():
    towns = [(f"uni-{name}.de", "de", 100) for name in string.ascii_lowercase]
    assert farms(people() + towns + series(60, "com")) == []


def test_real_looking_names_under_cheap_suffixes_are_no_farm():
    words = [d.split(".")[0] for d, _, _ in people(2_000, 9)]
    assert (
        farms([(f"{w}.xyz", "xyz", 1 + i % 97) for i, w in enumerate(set(words))]) == []
    )


def test_a_shape_of_power_law_sites_is_no_farm():
    fans = [
        (f"club-{i}x{i}.club", "club", 1 + int(9e5 / (i + 1) ** 2)) for i in range(60)
    ]
    assert farms(people() + fans) == []


def test_addresses_and_international_names_are_left_out():
    rows = [(f"10.0.0.{i}", None, 5) for i in range(40)]
    rows += [(f"xn--{i:04}abc.top", "top", 5) for i in range(40)]
    assert farms(rows) == []


def test_nothing_in_nothing_out():
    assert domain_farms([], [], [], cheap=CHEAP) == []


@settings(deadline=None, max_examples=20)
@given(st.randoms(use_true_random=False), st.integers(1, 50))
def test_order_and_scale_of_counts_change_no_score(dice, factor):
    rows = people(400) + series(40) + frames(30)
    shuffled = [(domain, suffix, n * factor) for domain, suffix, n in rows]
    dice.shuffle(shuffled)
    once, again = farms(rows), farms(shuffled)
    assert [f.shape for f in once] == [f.shape for f in again]
    assert [f.score for f in once] == pytest.approx([f.score for f in again])
    assert [f.documents * factor for f in once] == [f.documents for f in again]
