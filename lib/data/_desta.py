"""Design of Trade Agreements (DESTA): pairs of countries by treaty, and what treaties contain."""

import pandas as pd
import pandera.pandas as pa

from lib.data import _embedded, _schema, _store
from lib.data._catalogue import dataset
from lib.errors import DataError

EVENTS = ["base_treaty", "accession", "consolidated", "withdrawal"]
INDICES = [
    "full_fta", "standards", "investments", "services", "procurement", "competition", "iprs",
    "depth_index", "depth_rasch",
]  # fmt: skip

_COLUMNS = [
    "treaty", "number", "name", "event", "signed", "in_force", "country", "partner", "full_fta",
    "services",
]  # fmt: skip
TABLES = {"dyads": "cz_desta_dyads.csv", "treaties": "cz_desta.csv"}
_WITHDRAWALS = "cz_desta_withdrawals.csv"
_OWN_CODES = {900: "XKX", 530: "ANT"}  # Kosovo and the Netherlands Antilles, not in ISO of today
_LEAVERS = {"672_1": [690]}
"""Seychelles left SADC; the file's marks of who leaves are one column off in this row."""

_YEAR = {"low": 1940, "high": 2030, "unit": "as a year"}
_DYADS = {
    "iso1": _schema.number(1, 999),
    "iso2": _schema.number(1, 999),
    "number": pa.Column(str),
    "base_treaty": _schema.number(1),
    "name": pa.Column(str),
    "entry_type": pa.Column(str, pa.Check.isin(EVENTS, error=f"one of {', '.join(EVENTS)}")),
    "year": _schema.number(**_YEAR),
    "entryforceyear": _schema.number(**_YEAR, nullable=True),
}
_TREATIES = {
    "number": pa.Column(str, unique=True),
    "base_treaty": _schema.number(1),
    "name": pa.Column(str),
    "year": _schema.number(**_YEAR),
    "entry_type": pa.Column(str, pa.Check.isin(EVENTS, error=f"one of {', '.join(EVENTS)}")),
    "full_fta": _schema.dummy(),
    **{name: _schema.dummy() for name in INDICES[1:-2]},
    "depth_index": _schema.number(0, 7),
    "depth_rasch": _schema.number(-10, 10),
}


def read(files, table="dyads") -> pd.DataFrame:
    """Read trade agreements from 1948 to 2021 by pair of countries, or their contents.

    Parameters
    ----------
    files : mapping of str to Path
    table : {"dyads", "treaties"}

    Returns
    -------
    DataFrame
        *dyads*: one row for each treaty, event and pair of countries, in one direction.

        * `treaty` (DESTA's number of the base treaty), `number` (of the event, such as "64+1"),
          `name`;
        * `event`: "base_treaty", "accession" (the newcomer with each member), "consolidated" (a new
          text of a treaty) or "withdrawal" (whoever leaves with each other member, rebuilt from
          the source's list of members);
        * `signed` (of a withdrawal: when it takes place), `in_force`: years, the second missing
          if unknown or never;
        * `country`, `partner`;
        * `full_fta`, `services`: whether the base treaty is a full free-trade agreement and
          whether it covers services, 1 or 0, missing if it is not among the coded treaties.

        *treaties*: `treaty`, `number`, `name`, `event`, `signed` and the contents: `full_fta`,
        `standards`, `investments`, `services`, `procurement`, `competition`, `iprs` (0 or 1),
        `depth_index` (their sum, 0 to 7) and `depth_rasch` (the latent depth).

    Raises
    ------
    DataError
        If the table is not one of the two, or a column, code or year is not as documented.

    References
    ----------
    Dür, Baccini and Elsig (2014), The design of international trade agreements: introducing a new
    dataset, Review of International Organizations 9.
    """
    if table not in TABLES:
        raise DataError(f"DESTA has no table {table!r}; choose one of {', '.join(TABLES)}.")
    contents = treaties(_csv(files[TABLES["treaties"]]), TABLES["treaties"])
    if table == "treaties":
        return contents
    names = TABLES["dyads"], _WITHDRAWALS
    return dyads(*(_csv(files[name]) for name in names), contents, *names)


def treaties(raw: pd.DataFrame, file) -> pd.DataFrame:
    """Return the contents of treaties from the source's own columns."""
    raw = _schema.checked(raw, _TREATIES, file).astype({"base_treaty": int, "year": int})
    raw = raw.rename(columns={"base_treaty": "treaty", "entry_type": "event", "year": "signed"})
    columns = ["treaty", "number", "name", "event", "signed", *INDICES]
    return raw[columns].sort_values(["treaty", "number"], ignore_index=True)


def dyads(raw, withdrawn, contents, file, withdrawn_file) -> pd.DataFrame:
    """Return events by pair from the source's own columns."""
    left = _checked(_pairs_that_end(withdrawn, withdrawn_file), withdrawn_file)
    frame = pd.concat([_checked(raw, file), left], ignore_index=True)
    coded = contents[contents["event"] == "base_treaty"].set_index("treaty")
    for name in ("full_fta", "services"):
        frame[name] = frame["treaty"].map(coded[name]).astype("Int64")
    keys = ["treaty", "signed", "number", "country", "partner"]
    frame = frame.sort_values(keys, ignore_index=True)
    return frame[_COLUMNS]


def _checked(raw: pd.DataFrame, file) -> pd.DataFrame:
    raw = _schema.checked(raw, _DYADS, file)
    known = _embedded.countries(_store.Files(dataset("countries")))
    iso = dict(zip(known["iso_numeric"], known["country"], strict=True)) | _OWN_CODES
    frame = pd.DataFrame(
        {
            "treaty": raw["base_treaty"].astype(int),
            "number": raw["number"],
            "name": raw["name"].str.strip(),
            "event": raw["entry_type"],
            "signed": raw["year"].astype(int),
            "in_force": raw["entryforceyear"].astype("Int64"),
            "country": raw["iso1"].map(iso),
            "partner": raw["iso2"].map(iso),
        }
    )
    strange = sorted({*raw["iso1"], *raw["iso2"]} - set(iso))
    if strange:
        raise DataError(f"{file} has the country {strange[0]:.0f}, which ISO 3166 does not know.")
    return frame.astype({"country": "str", "partner": "str"})


def _pairs_that_end(raw: pd.DataFrame, file) -> pd.DataFrame:
    """Return a row for each country that leaves with each other member.

    The source has one row for each member, several times over. Columns c1, c2, … list the members
    again and mc1, mc2, … mark with 1 who leaves.
    """
    _schema.checked(raw, {name: _DYADS[name] for name in ("iso1", "number", "year")}, file)
    members = raw.drop_duplicates(["number", "iso1"])[[n for n in _DYADS if n in raw]]
    events = raw.drop_duplicates("number").set_index("number")
    marks = events.filter(regex=r"^mc\d+$").to_numpy(float) == 1
    codes = events.filter(regex=r"^c\d+$").to_numpy(float)
    leavers = {n: codes[i, marks[i]].tolist() for i, n in enumerate(events.index)} | _LEAVERS
    members["leaves"] = [code in leavers[n] for n, code in members[["number", "iso1"]].to_numpy()]
    silent = set(events.index) - set(members.loc[members["leaves"], "number"])
    if silent:
        raise DataError(f"{file} does not say who left with withdrawal {min(silent)}; replace it.")
    left = members.loc[members["leaves"], ["number", "iso1"]].rename(columns={"iso1": "leaver"})
    pairs = left.merge(members.rename(columns={"iso1": "iso2"}), on="number")
    pairs = pairs.rename(columns={"leaver": "iso1"})
    # Two that leave together part from each other too, once.
    return pairs[(pairs["iso1"] != pairs["iso2"]) & ~(pairs["leaves"] & (pairs.iso1 > pairs.iso2))]


def _csv(path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, encoding="utf-8-sig", dtype={"number": "str"}, low_memory=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{path} is not a readable csv file ({error}): get it again.") from error
