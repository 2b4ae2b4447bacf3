r"""Trade agreements of the sample world, formed by a known rule.

Two countries i and j form a free-trade agreement in the years after `since` up to `year` with
probability :math:`\Lambda(\eta)`, the logistic function of

.. math::
    \eta_{ij} = \alpha_t + \beta_d \ell_{ij} + \beta_g g_{ij} + \beta_s \Delta s_{ij}
                + \beta_x \ell_{ij} \Delta s_{ij} + \beta_h h_{ij}, \qquad
    \ell_{ij} = \ln \frac{d_{ij}}{d_0} ,

where g is the log of the product of the two GDPs at the start, relative to the mean pair, h tells
whether they have an agreement already (then this is another one), and

.. math::
    \Delta s_{ij} = \Delta \left( 100 \, \frac{v_{ij}}{v_{\cdot j}} \right)
                  + \Delta \left( 100 \, \frac{v_{ji}}{v_{\cdot i}} \right)

is by how much, over the same years and in percentage points, the weight of each in the other's
imports of intermediate inputs has risen. The interaction is the hypothesis of Li & Chen (2023,
eq. 17); unlike theirs, the rule has the main effects, and it is one of pairs, since an agreement
has no direction. Capital goods have no effect. Agreements have none on trade, and never end.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from lib import agreements
from lib.errors import DataError
from lib.io_table import FINAL_USES
from lib.sample import rule_texts
from lib.sample.world import COUNTRIES, REAL, distances, solve, targets


@dataclass(frozen=True)
class Agreements:
    """True parameters of the formation of agreements.

    Attributes
    ----------
    years : tuple of int
        Ends of the periods, those of the paper; the first is when the world begins.
    intercept : tuple of float
        For the stock of the first year, then for each period.
    distance, size : float
        Effects of the log of distance (relative to `reference_km`) and of joint size, in logs.
    importance, interaction : float
        Effect of a rise of the joint input share by one percentage point at the reference distance,
        and how it changes with the log of distance.
    again : float
        Shift for a pair that has an agreement already.
    reference_km : float
    partial_scope : float
        Share of the pairs without an agreement in the first year that have one of partial scope.
    services : float
        Share of the treaties that cover services.
    late_record : float
        Share of the treaties that the second source has a year too late.
    seed : int
    """

    years: tuple[int, ...] = (1995, 2000, 2005, 2010, 2014)
    intercept: tuple[float, ...] = (-2.8, -2.2, -2.0, -1.8, -2.2)
    distance: float = -0.8
    size: float = 0.3
    importance: float = 0.3
    interaction: float = -0.5
    again: float = -1.5
    reference_km: float = 5000.0
    partial_scope: float = 0.1
    services: float = 0.5
    late_record: float = 0.05
    seed: int = 19581995


def agreement_parameters() -> Agreements:
    """True parameters of the formation of agreements."""
    return Agreements()


def agreement_formation(*, pwt_91, capitals, seed=None) -> pd.DataFrame:
    """Draw which pairs form an agreement in which period, with all that the rule depends on.

    Parameters
    ----------
    pwt_91, capitals : DataFrame
    seed : int, optional
        Another draw of the same world, for simulations; the sample's own if not given.

    Returns
    -------
    DataFrame
        One row for each of the 276 pairs and each period: `country`, `partner` (in alphabetical
        order), `since`, `year`; `log_distance`, `log_size`, `d_share` (Δs), `d_capital` (the same
        of capital goods, without effect), `held` (0 or 1), `probability`, `formed` (0 or 1) and
        `entry`, the year of entry into force (missing if none). The first period ends in 1995 and
        has no shares: it makes the stock.
    """
    p = agreement_parameters()
    rng = np.random.default_rng(p.seed if seed is None else seed)
    i, j = np.triu_indices(len(REAL), 1)
    steady = {"country": np.array(REAL)[i], "partner": np.array(REAL)[j]}
    steady["log_distance"] = np.log(distances(capitals)[i, j] / p.reference_km)
    held, periods = np.zeros(len(i), bool), []
    for since, year, alpha in zip((1960, *p.years), p.years, p.intercept, strict=False):
        first = year == p.years[0]
        d_share, d_capital = (0 * held,) * 2 if first else _rise(pwt_91, capitals, since, year)
        size = np.log(targets(pwt_91, max(since, p.years[0]))["gdp"].to_numpy())
        size = size[i] + size[j] - 2 * size[: len(REAL)].mean()
        reach = p.importance + p.interaction * steady["log_distance"]
        eta = alpha + p.distance * steady["log_distance"] + p.size * size
        probability = 1 / (1 + np.exp(-(eta + reach * d_share + p.again * held)))
        formed = rng.random(len(i)) < probability
        entry = rng.integers(since + 1, year + 1, len(i))
        periods.append(
            pd.DataFrame(steady).assign(
                since=since,
                year=year,
                log_size=size,
                d_share=d_share,
                d_capital=d_capital,
                held=held.astype(int),
                probability=probability,
                formed=formed.astype(int),
                entry=pd.Series(entry).where(formed).astype("Int64"),
            )  # fmt: skip
        )
        held = held | formed
    return pd.concat(periods, ignore_index=True).astype({"country": "str", "partner": "str"})


def tota(*, pwt_91, capitals, texts=False) -> pd.DataFrame:
    """Treaties in the schema of ToTA, with negative numbers since they are invented.

    Returns
    -------
    DataFrame
        The free-trade agreements of :func:`agreement_formation` and some treaties of partial scope;
        all bilateral and in force, 24 economies. With `texts`, their articles: each treaty has one
        of the texts of :mod:`lib.sample.rule_texts`, drawn from those of its time.
    """
    treaties = _treaties(pwt_91, capitals)
    if texts:
        rng = np.random.default_rng(agreement_parameters().seed + 3)
        return rule_texts.drawn(treaties["treaty"], treaties["entry"], rng)
    known = capitals.drop_duplicates("country").set_index("country")["name"]
    in_force = pd.to_datetime(treaties["entry"].astype("str") + "-01-01")
    frame = pd.DataFrame(
        {
            "treaty": treaties["treaty"],
            "wto_id": pd.array([pd.NA] * len(treaties), "Int64"),
            "name": treaties["country"].map(known) + " - " + treaties["partner"].map(known),
            "kind": treaties["kind"],
            "services": treaties["services"],
            "status": "In Force",
            "signed": in_force - pd.Timedelta(days=365),
            "in_force": in_force,
            "inactive": pd.NaT,
            "notified": in_force,
            "end_implementation": pd.NaT,
            "parties_original": treaties["country"] + " " + treaties["partner"],
            "parties": treaties["country"] + " " + treaties["partner"],
            "composition": "Bilateral",
            "notification": "",
            "region": "",
            "crossregional": "",
            "language": "en",
            "related": "",
        }
    )
    frame.attrs["unreadable"] = []
    return frame.sort_values("treaty", ignore_index=True)


def desta(*, pwt_91, capitals, table="dyads") -> pd.DataFrame:
    """Return the treaties of :func:`tota` in the schema of DESTA, some of them a year too late.

    Parameters
    ----------
    pwt_91, capitals : DataFrame
    table : {"dyads", "treaties"}
        In *treaties*, the contents other than free trade and services are independent coin tosses.

    Raises
    ------
    DataError
        If the table is not one of the two.
    """
    treaties = _treaties(pwt_91, capitals)
    free = (treaties["kind"] == "free trade").astype(int)
    head = {
        "treaty": treaties["treaty"],
        "number": treaties["treaty"].astype("str"),
        "name": treaties["country"] + " " + treaties["partner"],
        "event": "base_treaty",
        "signed": treaties["entry"] - 1,
    }
    if table == "dyads":
        return pd.DataFrame(
            head
            | {
                "in_force": (treaties["entry"] + treaties["late"]).astype("Int64"),
                "country": treaties["country"],
                "partner": treaties["partner"],
                "full_fta": free.astype("Int64"),
                "services": treaties["services"].astype("Int64"),
            }
        )
    if table != "treaties":
        raise DataError(f"DESTA has no table {table!r}; choose one of dyads, treaties.")
    rng = np.random.default_rng(agreement_parameters().seed + 2)
    tossed = ("standards", "investments", "procurement", "competition", "iprs")
    parts = {name: rng.integers(0, 2, len(treaties)) for name in tossed}
    parts |= {"full_fta": free, "services": treaties["services"]}
    order = ["full_fta", "standards", "investments", "services", *tossed[2:]]
    contents = pd.DataFrame({name: parts[name] for name in order})
    depth = contents.sum(axis=1).astype(float)
    return (
        pd.DataFrame(head)
        .join(contents)
        .assign(depth_index=depth, depth_rasch=(depth - depth.mean()) / depth.std())
    )


def in_force(*, pwt_91, capitals, years) -> pd.DataFrame:
    """Return one row for each pair, in both directions, year and treaty in force.

    Returns
    -------
    DataFrame
        exporter, importer, year, treaty, name, kind, services.
    """
    spells = agreements.pairs(tota(pwt_91=pwt_91, capitals=capitals))
    every = spells.merge(pd.DataFrame({"year": np.unique(years)}), how="cross")
    every = every[(every["entry"] <= every["year"]) & (every["year"] < every["exit"])]
    every = every.drop(columns=["entry", "exit"]).astype({"treaty": int})
    return every.reset_index(drop=True)


def _treaties(pwt_91, capitals) -> pd.DataFrame:
    """List all treaties: country, partner, kind, services, entry, late, and a negative number."""
    p = agreement_parameters()
    formation = agreement_formation(pwt_91=pwt_91, capitals=capitals)
    rng = np.random.default_rng(p.seed + 1)
    keys = ["country", "partner"]
    free = formation.loc[formation["formed"] == 1, [*keys, "entry"]].assign(kind="free trade")
    none = formation[(formation["year"] == p.years[0]) & (formation["formed"] == 0)]
    part = none.loc[rng.random(len(none)) < p.partial_scope, keys]
    part = part.assign(entry=p.years[0] - 5, kind="partial scope")
    treaties = pd.concat([free, part], ignore_index=True).sort_values(["entry", *keys])
    treaties = treaties.reset_index(drop=True).astype({"entry": int, "kind": "str"})
    return treaties.assign(
        services=(rng.random(len(treaties)) < p.services).astype(int),
        late=(rng.random(len(treaties)) < p.late_record).astype(int),
        treaty=-len(treaties) + np.arange(len(treaties)),
    )


def _rise(pwt_91, capitals, since, year):
    """Rise of the joint share in imports of inputs and of capital goods, each (pairs,)."""
    before, after = (_shares(solve(pwt_91, capitals, y)) for y in (since, year))
    i, j = np.triu_indices(len(REAL), 1)
    change = after - before
    return change[:, i, j] + change[:, j, i]


@lru_cache(maxsize=8)
def _shares(world) -> np.ndarray:
    """Share of each exporter in each importer's imports, per cent, (2, exporter, importer).

    Of intermediate inputs, then of capital goods; of imports from everywhere, ROW included.
    """
    inputs = np.einsum("jkh,jh->kj", world.economy.gamma_in, world.equilibrium.output)
    capital = world.final[:, :, FINAL_USES.index("gfcf")].T
    bought = np.einsum("kji,ukj->uij", world.equilibrium.share, np.stack([inputs, capital]))
    bought *= 1 - np.eye(len(COUNTRIES))
    share = 100 * bought / bought.sum(axis=1, keepdims=True)
    return share[:, : len(REAL), : len(REAL)]
