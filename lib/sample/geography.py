"""Distances between capitals."""

import numpy as np
import pandas as pd

from lib.errors import DataError

EARTH_RADIUS = 6371.0
UNKNOWN = ("comlang_off", "comlang_ethno", "colony", "comcol", "curcol", "col45", "smctry")


def great_circle(lat, lon):
    """Great-circle distances in km between all points, by the haversine formula, shape (n, n)."""
    lat, lon = np.radians(lat), np.radians(lon)
    haversine = _half_chord(lat) + np.cos(lat)[:, None] * np.cos(lat) * _half_chord(lon)
    return 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(haversine, 0, 1)))


def _half_chord(angle):
    return np.sin((angle[:, None] - angle) / 2) ** 2


def internal_distance(area):
    """Mean distance in km between a producer in the centre and consumers spread over a disk."""
    return 0.67 * np.sqrt(area / np.pi)


def geodist(*, capitals, borders):
    """Bilateral distances and contiguity in the schema of CEPII's GeoDist.

    Parameters
    ----------
    capitals : DataFrame
        Columns country, lat, lon and, if known, area (km²).
    borders : DataFrame
        Land borders: the first two columns are the two countries.

    Returns
    -------
    DataFrame
        One row for each ordered pair of countries with a capital, own pairs included. `distcap` is
        the great-circle distance between capitals in km; `dist`, `distw` and `distwces` repeat it,
        because positions of other cities are not embedded. A country's own distance is
        0.67·√(area/π), or zero where the area is unknown. Language, colony and common-country
        columns are all missing.
    """
    places = (
        capitals.dropna(subset=["lat", "lon"]).drop_duplicates("country").sort_values("country")
    )
    codes = places["country"].astype("str").to_numpy()
    distance = great_circle(places["lat"].to_numpy(float), places["lon"].to_numpy(float))
    area = places["area"].to_numpy(float) if "area" in places else np.full(len(places), np.nan)
    np.fill_diagonal(distance, np.nan_to_num(internal_distance(area)))
    if borders.shape[1] < 2:
        raise DataError("borders needs two columns of country codes.")
    touching = set(borders.iloc[:, :2].itertuples(index=False, name=None))
    touching |= {(b, a) for a, b in touching}
    pairs = pd.DataFrame(
        {"exporter": np.repeat(codes, len(codes)), "importer": np.tile(codes, len(codes))}
    ).astype("str")
    contig = [pair in touching for pair in zip(pairs["exporter"], pairs["importer"], strict=True)]
    pairs["contig"] = np.array(contig, int)
    pairs[list(UNKNOWN)] = pd.array([pd.NA], "Int64")[0]
    pairs = pairs.astype(dict.fromkeys(UNKNOWN, "Int64"))
    for column in ("dist", "distcap", "distw", "distwces"):
        pairs[column] = distance.ravel()
    return pairs
