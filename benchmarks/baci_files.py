"""Write made-up files in the format of BACI, of any size: real zeros, real skew, no real number.

About 220 economies trade about 5,000 products. Sizes of economies are lognormal, trade falls with
distance, products are of very different size, every exporter is good at some of them. A cell
trades with probability 1 − exp(−λ), so that large and near partners trade many products and most
cells are empty; the value grows with λ. At six and a half million rows a year some 97 % of all
cells are empty, as in BACI.

Run: python -m benchmarks.baci_files FOLDER [YEARS [ROWS_PER_YEAR]]
"""

import os
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from lib import data

PRODUCTS = 5_000
ROWS = 6_500_000
HEAD = '"t","i","j","k","v","q"\n'
USES = ("capital", "intermediate", "consumption", "unclassified")


def economies() -> pd.DataFrame:
    """Return about 220 real economies, with code and a place that is made up."""
    countries = data.load("countries").dropna(subset=["iso_numeric"])
    chosen = countries.iloc[np.linspace(0, len(countries) - 1, 220).astype(int)]
    rng = np.random.default_rng(0)
    point = rng.normal(size=(3, 220))
    x, y, z = point / np.linalg.norm(point, axis=0)
    size = rng.lognormal(0, 1.8, 220)
    return chosen.reset_index(drop=True).assign(x=x, y=y, z=z, size=size)


def distances(world: pd.DataFrame) -> pd.DataFrame:
    """Return the great-circle distance of every pair in km, 200 km inside a country."""
    place = world[["x", "y", "z"]].to_numpy()
    km = 6371 * np.arccos(np.clip(place @ place.T, -1, 1)) + 50
    np.fill_diagonal(km, 200)
    names = world["country"].to_numpy()
    index = pd.MultiIndex.from_product([names, names], names=["exporter", "importer"])
    return pd.Series(km.ravel(), index, name="distcap").reset_index()


def classes() -> pd.DataFrame:
    """Return a made-up product list with use classes, HS chapters 01 to 97."""
    number = np.arange(PRODUCTS)
    codes = 10_000 * (1 + number % 97) + 100 * (1 + number // 97) + 10
    codes = np.sort(codes)
    use = np.random.default_rng(1).choice(USES, PRODUCTS, p=[0.15, 0.6, 0.23, 0.02])
    return pd.DataFrame({"product": [f"{c:06d}" for c in codes], "use": use})


def flows(year: int, rows: int = ROWS) -> pd.DataFrame:
    """Return the flows of one year, `rows` of them within a few per cent: t, i, j, k, v, q."""
    world, codes = economies(), classes()["product"].astype(int).to_numpy()
    km = distances(world)["distcap"].to_numpy().reshape(220, 220)
    numbers, size = world["iso_numeric"].astype(int).to_numpy(), world["size"].to_numpy()
    rng = np.random.default_rng(2)
    weight = rng.lognormal(0, 1.5, PRODUCTS)
    skill = rng.lognormal(0, 1.5, (220, PRODUCTS))
    pair = np.outer(size, size) ** 0.8 / (km / 1000)
    np.fill_diagonal(pair, 0)
    i, j, k = rng.integers(0, [[220], [220], [PRODUCTS]], (3, 1_000_000))
    scale = _scale(pair[i, j] * weight[k] * skill[i, k], rows / (220 * 220 * PRODUCTS))
    rng = np.random.default_rng([3, year])
    parts = []
    for i in range(220):
        lam = scale * pair[i][:, None] * (weight * skill[i])[None]
        j, k = np.nonzero(rng.random(lam.shape, np.float32) < -np.expm1(-lam))
        v = np.exp(rng.normal(3 + 0.7 * np.log(lam[j, k]), 1.8)).round(3).clip(1e-3)
        q = (v / rng.lognormal(1, 1, len(v))).round(3)
        q[rng.random(len(q)) < 0.03] = np.nan
        order = np.lexsort((k, numbers[j]))
        part = {"t": year, "i": numbers[i], "j": numbers[j], "k": codes[k], "v": v, "q": q}
        parts.append(pd.DataFrame(part).iloc[order])
    return pd.concat(parts, ignore_index=True)


def _scale(lam: np.ndarray, share: float) -> float:
    """Return the factor on λ with which this share of cells trades, by bisection of its log."""
    low, high = -30.0, 30.0
    for _ in range(50):
        middle = (low + high) / 2
        few = -np.expm1(-np.exp(middle) * lam).mean() < share
        low, high = (middle, high) if few else (low, middle)
    return np.exp(middle)


def write(folder: Path, years, rows: int = ROWS) -> list[Path]:
    """Write one file a year and the country file, as CEPII packs them; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    world = economies()
    codes = folder / "country_codes_V202501.csv"
    columns = ["iso_numeric", "name", "iso2", "country"]
    names = ["country_code", "country_name", "country_iso2", "country_iso3"]
    listed = world[columns].set_axis(names, axis=1).astype({"country_code": int})
    listed.to_csv(codes, index=False)
    paths = [codes]
    for year in years:
        frame = flows(year, rows)
        path, body = folder / f"BACI_HS92_Y{year}_V202501.csv", folder / f".{year}.body"
        with duckdb.connect() as engine:
            engine.execute(
                f"""
                COPY (SELECT format('{{}},{{}},{{}},{{}},{{:.3f}},"{{:>13}}"', t, i, j, k, v,
                             coalesce(printf('%.3f', nullif(q, 'nan'::DOUBLE)), 'NA')) AS line
                      FROM frame)
                TO '{body}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')
                """
            )
        with open(path, "wb") as out, open(body, "rb") as lines:
            out.write(HEAD.encode())
            while block := lines.read(1 << 24):
                out.write(block)
        os.unlink(body)
        paths.append(path)
        print(f"{path.name}: {len(frame):,} rows, {path.stat().st_size / 1e6:,.0f} MB", flush=True)
    return paths


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    years, rows = [*map(int, numbers), *(1, ROWS)[len(numbers) :]]
    write(Path(folder), range(1995, 1995 + years), rows)
