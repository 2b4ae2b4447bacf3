"""Who is a party to which treaty, on which side, and when."""

from collections import Counter

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from lib.agreements import _rules
from lib.blocs import EFTA, EU, OPEN
from lib.errors import BookError

COLUMNS = ["treaty", "name", "kind", "services", "country", "side", "entry", "exit"]
WIDTH = {"partial scope": 0, "services": 0, "uncoded": 1, "free trade": 2, "customs union": 2}
PARTNERS = "partners"
FOUNDERS = ("BEL", "DEU", "FRA", "ITA", "LUX", "NLD")
"""A treaty of five of the six founders is one of the European Union."""


def memberships(treaties: pd.DataFrame) -> pd.DataFrame:
    """Bring the treaties of a source to one row for each party and spell.

    Parameters
    ----------
    treaties : DataFrame
        What ``data.load("tota")`` or ``data.load("desta")`` returns, or what this function returns.

    Returns
    -------
    DataFrame
        * `treaty` (the source's number), `name`, `kind` ("customs union", "free trade", "partial
          scope", "services", or "uncoded"), `services` (0 or 1: covers services as well);
        * `country`; `side`: two parties on one side owe each other nothing under this treaty. In
          most treaties each party is a side of its own;
        * `entry`, `exit`: first year in force for this party, first year no more (9999: open).

    Raises
    ------
    BookError
        If the columns are those of neither source.

    Notes
    -----
    The rules, each with its reason, are in :mod:`lib.agreements._rules`. Those for both sources:

    1. A member of the European Union is a party to each of the Union's treaties from the year of
       its entry to that of its exit, whatever the lists say. The partners are the parties outside.
    2. With its entry a country leaves its own agreements with the rest of the world.
    3. EFTA is a party to EFTA's treaties in the composition of each year.
    4. A treaty ends when the same parties start another that is as wide or wider.

    They leave out treaties with negative numbers, which belong to an invented world.
    """
    columns = set(treaties.columns)
    if set(COLUMNS) <= columns:
        return treaties[COLUMNS]
    if {"parties_original", "composition"} <= columns:
        parties = from_tota(treaties)
    elif {"event", "partner", "full_fta"} <= columns:
        parties = from_desta(treaties)
    else:
        raise BookError(
            f"treaties has the columns {', '.join(treaties.columns)}: neither those of ToTA nor "
            "those of DESTA; pass what data.load returns."
        )
    invented = parties["treaty"].str.startswith("-")
    if not invented.all():
        real = efta_in_its_composition(union_in_its_composition(parties[~invented]))
        real = replaced(real[real["entry"] < real["exit"]])
        parties = pd.concat([real, parties[invented]])
    parties = parties[parties["entry"] < parties["exit"]]
    parties = parties.sort_values(["treaty", "entry", "country"], ignore_index=True)[COLUMNS]
    return parties.astype({"country": "str", "side": "str", "kind": "str"})


def from_tota(treaties: pd.DataFrame) -> pd.DataFrame:
    """List parties, original and current, with the years of the treaty or of their accession."""
    frame = treaties[treaties["in_force"].notna()]
    ended = frame["treaty"].map(_rules.TOTA_END).fillna(frame["inactive"].dt.year)
    frame = frame.assign(
        kind=frame["treaty"].map(_rules.TOTA_KIND).fillna(frame["kind"]),
        entry=frame["in_force"].dt.year.astype(int),
        exit=ended.fillna(OPEN).astype(int),
    )
    also = frame.assign(parties=frame["treaty"].map(_rules.TOTA_ALSO).fillna(""))
    original, current = (_exploded(frame, side) for side in ("parties_original", "parties"))
    # Rule 1 puts the Union's members of today into its treaties, each from its year of entry.
    current = current[~current["country"].isin(EU)]
    frame = pd.concat([original, current, _exploded(also, "parties")])
    frame = _merge_accessions(frame.drop_duplicates(["treaty", "country"]))
    party = pd.MultiIndex.from_frame(frame[["treaty", "country"]])
    late, left = (party.map(rule).to_numpy(float) for rule in (_rules.TOTA_LATE, _rules.TOTA_LEFT))
    return frame.assign(
        entry=np.fmax(frame["entry"], late).astype(int),
        exit=np.fmin(frame["exit"], left).astype(int),
        side=_sides_by_name(frame),
        treaty=frame["treaty"].astype("str"),
    ).reset_index(drop=True)


def _exploded(frame: pd.DataFrame, side: str) -> pd.DataFrame:
    return frame.assign(country=frame[side].str.split()).explode("country").dropna(subset="country")


def _merge_accessions(frame: pd.DataFrame) -> pd.DataFrame:
    """Make a treaty "X - Accession of Y" a later entry into X, which ends with the last of them."""
    heads = frame.drop_duplicates("treaty").set_index("treaty")[["name", "kind", "services"]]
    bloc = heads["name"].str.extract("(.+) - Accession of ", expand=False).dropna()
    founding = heads["name"].drop(bloc.index)
    named = {short: t for t, short in founding.str.extract(r"\((.+)\)$", expand=False).items()}
    named |= {name: t for t, name in founding.items()}
    treaty = frame["treaty"].replace({t: named.get(name, t) for t, name in bloc.items()})
    frame = frame.assign(treaty=treaty, exit=frame.groupby(treaty)["exit"].transform("max"))
    frame = frame.sort_values("entry", kind="stable").drop_duplicates(["treaty", "country"])
    return frame.drop(columns=list(heads)).join(heads, on="treaty")


def _sides_by_name(frame: pd.DataFrame) -> pd.Series:
    """Put the members of a bloc that signs as "A" in a treaty "A - B" on one side."""
    side = frame["country"]
    two = frame["name"].str.count(" ?- ") == 1
    for bloc, codes in _rules.BLOC_PARTIES.items():
        named = frame["name"].str.contains(rf"\b{bloc}\b")
        side = side.mask(two & named & frame["country"].isin(codes.split()), bloc)
    return side


def from_desta(events: pd.DataFrame) -> pd.DataFrame:
    """List parties with the years of their accession and withdrawal, and their sides."""
    known = ~events["treaty"].isin(_rules.DESTA_REPEATED | _rules.DESTA_NEVER)
    left = events["event"] == "withdrawal"
    pairs = _in_force(events[known & ~left])
    both = pd.concat([pairs, pairs.rename(columns={"country": "partner", "partner": "country"})])
    parties = both.groupby(["treaty", "country"], as_index=False)["entry"].min()
    parties = parties.join(_heads(pairs), on="treaty")
    keys = ["treaty", "country"]
    last = events[left].groupby(keys)["signed"].min().to_dict() | _rules.DESTA_LEFT
    ends = [
        parties["treaty"].map(_rules.DESTA_END),
        pd.MultiIndex.from_frame(parties[keys]).map(last),
    ]
    parties["exit"] = np.fmin(OPEN, np.fmin(*(np.asarray(end, float) for end in ends))).astype(int)
    parties = parties.assign(side=_sides_by_pairs(parties, both))
    return parties.assign(treaty=parties["treaty"].astype("str"))


def _in_force(events: pd.DataFrame) -> pd.DataFrame:
    """Keep treaties that have a year of entry; who accedes applies them from its accession."""
    # A text of 2018 or later by which Britain carries on a treaty of the Union alone is a new one.
    alone = (events["event"] == "consolidated") & (events["signed"] >= 2018)
    number = events["number"].str.extract(r"(\d+)", expand=False).astype(int)
    acceded = events["event"] == "accession"
    events = events.assign(
        treaty=events["treaty"].mask(alone, 10_000 + number),
        entry=events["in_force"].fillna(events["signed"].where(acceded).astype("Int64")),
    )
    started = events.loc[~acceded & events["entry"].notna(), "treaty"]
    events = events[events["treaty"].isin(started) & events["entry"].notna()]
    return events.astype({"entry": int})


def _heads(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return name, kind and coverage of services of each treaty."""
    heads = pairs.drop_duplicates("treaty").set_index("treaty")
    coded = heads["full_fta"].map({1: "free trade", 0: "partial scope"}).astype("object")
    kind = coded.fillna("uncoded").to_dict()
    kind |= {treaty: own for treaty, own in _rules.DESTA_KIND.items() if treaty in kind}
    return heads[["name"]].assign(
        kind=heads.index.map(kind), services=heads["services"].fillna(0).astype(int)
    )


def _sides_by_pairs(parties: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    """Put parties on one side that are in a treaty together without being a pair of it.

    Among the first parties these are the connected components of the graph of such parties. Who
    joins later without being a pair with anyone of a side, joins that side.
    """
    side = parties["country"].copy()
    bound = dict(list(pairs[["treaty", "number", "country", "partner"]].groupby("treaty")))
    for treaty, codes in parties.groupby("treaty")["country"]:
        if len(codes) > 2:
            listed = bound[treaty]
            label = _components(listed[listed["number"] == listed["number"].iloc[0]])
            partners = listed.groupby("country")["partner"].agg(set)
            for newcomer in sorted(set(codes) - set(label)):
                label[newcomer] = _side_to_join(label, partners[newcomer], newcomer)
            side[codes.index] = codes.map(label)
    return side


def _components(listed: pd.DataFrame) -> dict[str, str]:
    """Return country → first country, by the alphabet, of its side."""
    codes, place = np.unique(listed[["country", "partner"]], return_inverse=True)
    strangers = np.ones((len(codes), len(codes)), bool)
    strangers[tuple(place.reshape(-1, 2).T)] = False
    _, label = connected_components(strangers & strangers.T, directed=False)
    _, head = np.unique(label, return_index=True)
    return dict(zip(codes, codes[head[label]], strict=True))


def _side_to_join(label: dict, partners: set, newcomer: str) -> str:
    size = Counter(label.values())
    facing = {label[partner] for partner in partners & set(label)}
    return next((side for side in size if size[side] > 1 and side not in facing), newcomer)


def union_in_its_composition(parties: pd.DataFrame) -> pd.DataFrame:
    """Apply rules 1 and 2: members act through the Union from their entry to their exit."""
    of_union = parties[parties["country"].isin(FOUNDERS)].groupby("treaty")["country"].nunique() > 4
    of_union = parties["treaty"].isin(of_union.index[of_union])
    first, last = (parties["country"].map({c: e[k] for c, e in EU.items()}) for k in (0, 1))
    before, after = ~(parties["entry"] >= first), parties["entry"] >= last
    cut = np.fmin(parties["exit"], first.where(before)).astype(int)
    side = parties["side"].mask(of_union, PARTNERS)
    alone = parties.assign(exit=cut, side=side)[before | after]
    return pd.concat([alone, _bloc(parties[of_union], alone, EU, "EU")], ignore_index=True)


def efta_in_its_composition(parties: pd.DataFrame) -> pd.DataFrame:
    """Apply rule 3."""
    inside = parties["name"].str.contains(r"\bEFTA\b") & parties["country"].isin(EFTA)
    members, others = parties[inside], parties[~inside]
    of_efta = others["treaty"].isin(members["treaty"])
    others = others.assign(side=others["side"].mask(of_efta, PARTNERS))
    return pd.concat([others, _bloc(members, others, EFTA, "EFTA")], ignore_index=True)


def _bloc(inside, outside, spells, side) -> pd.DataFrame:
    """Return the spells of a bloc's members in the treaties of the bloc.

    They are one side, but for the treaty that the bloc itself is: it has nobody outside.
    """
    span = inside.groupby("treaty").agg(start=("entry", "min"), stop=("exit", "max"))
    heads = inside.drop_duplicates("treaty").set_index("treaty")[["name", "kind", "services"]]
    members = pd.DataFrame(
        [(code, *years) for code, years in spells.items()], columns=["country", "entry", "exit"]
    )
    rows = span.join(heads).reset_index().merge(members, how="cross")
    founding = ~rows["treaty"].isin(outside["treaty"])
    return rows.assign(
        entry=rows[["entry", "start"]].max(axis=1),
        exit=rows[["exit", "stop"]].min(axis=1),
        side=rows["country"].where(founding, side),
    )


def replaced(parties: pd.DataFrame) -> pd.DataFrame:
    """Apply rule 4. A bloc is one party, whoever its members are."""
    bloc = parties["side"].where(parties["side"].isin(["EU", "EFTA"]), parties["country"])
    sides = parties.assign(party=bloc).groupby(["treaty", "side"])["party"].agg(frozenset)
    heads = parties.groupby("treaty").agg(entry=("entry", "min"), kind=("kind", "first"))
    heads["party"] = sides.groupby("treaty").agg(frozenset)
    heads = heads.assign(width=heads["kind"].map(WIDTH)).reset_index()
    later = heads.merge(heads, on="party", suffixes=("", "_later"))
    later = later.query("entry_later > entry and width_later >= width")
    end = later.groupby("treaty")["entry_later"].min()
    return parties.assign(exit=np.fmin(parties["exit"], parties["treaty"].map(end)).astype(int))
