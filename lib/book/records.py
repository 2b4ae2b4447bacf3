"""What a chapter puts on record: a table of expressions beside it, evaluated after its last cell.

``notebooks/NN_name.yml`` is a list of groups. A group names the exhibit that shows its numbers, how
near our sample is to the paper's, and either ``numbers`` (``item/row/column/stat`` → expression) or
``estimates`` (``item/column`` → an estimate, or ``item`` → a mapping of columns to estimates), of
which every printed number is recorded. ``difference`` and ``diagnosis`` are texts that may hold
expressions in braces.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd
import yaml

from lib.book import exhibits, regressions, replication
from lib.book.chapters import Chapter, find
from lib.errors import BookError

GROUP = {"cell", "sample", "difference", "diagnosis", "when", "numbers", "estimates"}
GROUP |= {"brackets", "r2", "leave"}
NUMBER = {"value", "se", "n", "significant"}
OWN = NUMBER | {"diagnosis", "difference", "sample", "cell", "when"}


@dataclass(frozen=True)
class Entry:
    """One line of the table: what is recorded, and the expressions that it takes."""

    key: tuple[str, ...]
    """Item, row, column and statistic; of estimates, item and perhaps column."""
    expression: str
    said: dict = field(default_factory=dict)

    @property
    def expressions(self) -> list[str]:
        """Every expression that the numbers rest on."""
        return [self.expression, *(str(self.said[k]) for k in ("se", "n") if k in self.said)]


def read(chapter: Chapter) -> list[Entry]:
    """Read the table beside a chapter; none where there is no file.

    Raises
    ------
    BookError
        With what is wrong in it.
    """
    path = chapter.path.with_suffix(".yml")
    if not path.is_file():
        return []
    try:
        groups = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        return [entry for group in groups for entry in _entries(group)]
    except (ValueError, TypeError, AttributeError, KeyError, yaml.YAMLError) as error:
        raise BookError(f"{path.name} cannot be read: {' '.join(str(error).split())}.") from error


def _entries(group: dict) -> Iterator[Entry]:
    if strangers := set(group) - GROUP:
        raise ValueError(f"a group has no {', '.join(sorted(strangers))}")
    shared = {k: v for k, v in group.items() if k not in ("numbers", "estimates")}
    for key, own in (group.get("numbers") or {}).items():
        own = own if isinstance(own, dict) else {"value": own}
        said = shared | own
        if strangers := set(own) - OWN:
            raise ValueError(f"{key} has no {', '.join(sorted(strangers))}")
        if len(key.split("/")) != 4:
            raise ValueError(f"{key} is not item/row/column/stat")
        yield _checked(Entry(tuple(key.split("/")), str(said.pop("value")), said))
    for key, expression in (group.get("estimates") or {}).items():
        yield _checked(Entry(tuple(key.split("/", 1)), str(expression), dict(shared)))


def _checked(entry: Entry) -> Entry:
    sample = entry.said.get("sample")
    if sample not in replication.SAMPLES or (sample != "same" and not entry.said.get("difference")):
        raise ValueError(f"{'/'.join(entry.key)}: a {sample!r} sample must name its difference")
    if not entry.said.get("cell"):
        raise ValueError(f"{'/'.join(entry.key)} names no cell that shows it")
    return entry


# -- in the kernel -------------------------------------------------------------------------------


def evaluate(chapter: Chapter, names: Mapping) -> list[dict]:
    """Evaluate the table in the namespace of a notebook: a row for each number.

    Returns
    -------
    list of dict
        ``entry`` (place in the table), ``key``, ``value``, ``se``, ``n``, ``significant``, and the
        texts ``sample``, ``cell``, ``difference``, ``diagnosis``.
    """
    rows = []
    for place, entry in enumerate(read(chapter)):

        def ask(expression, entry=entry):
            try:
                return eval(str(expression), dict(names))
            except Exception as error:
                key = "/".join(entry.key)
                told = f"{type(error).__name__}: {error}"
                raise BookError(f"The record of {key} fails in `{expression}`: {told}.") from error

        said = entry.said
        if "when" in said and not ask(said["when"]):
            continue
        found = ask(entry.expression)
        if len(entry.key) == 4:
            some = [_number(entry, found, ask)]
        else:
            columns = found if len(entry.key) == 1 else {entry.key[1]: found}
            some = [
                number
                for column, estimate in columns.items()
                for number in _column(chapter.paper, entry, column, estimate)
            ]
        base = {"entry": place, "sample": said["sample"], "cell": said["cell"]}
        base |= {"difference": said.get("difference", ""), "diagnosis": said.get("diagnosis", "")}
        for number in some:
            row = base | number
            texts = {k: ask(f'f"""{row[k]}"""') for k in ("difference", "diagnosis")}
            rows.append(row | texts)
    return rows


def _number(entry: Entry, value, ask) -> dict:
    said, more = entry.said, {"se": None, "n": None, "significant": None}
    more |= {k: ask(said[k]) for k in more if said.get(k) is not None}
    convert = {"se": float, "n": int, "significant": bool}
    more = {k: None if v is None else convert[k](v) for k, v in more.items()}
    return {"key": list(entry.key), "value": float(value)} | more


def _column(paper: str, entry: Entry, column: str, estimate) -> Iterator[dict]:
    """Yield every printed number of a regression's column beside ours."""
    said, item = entry.said, entry.key[0]
    ours = regressions.numbers(estimate, said.get("brackets", "se"), said.get("r2", "r2_within"))
    rows = replication.published()
    rows = rows[(rows["paper"] == paper) & (rows["item"] == item) & (rows["column"] == column)]
    if rows.empty:
        raise BookError(f"{paper} prints no column {column!r} in {item}.")
    rows = rows[~rows["stat"].isin(said.get("leave", ()))]
    for row, stat in rows[["row", "stat"]].itertuples(index=False):
        if (row, stat) not in ours.index:
            raise BookError(f"{item} column {column}: our estimate has no {stat} of {row}.")
        number = {"key": [item, row, column, stat], "value": float(ours[row, stat])}
        number |= {"n": int(estimate.nobs), "se": None, "significant": None}
        if stat == "coef":
            number["se"] = float(estimate.std_errors[row])
            number["significant"] = bool(estimate.pvalues[row] < 0.10)
        why = said.get("diagnosis")
        if isinstance(why, dict):
            keys = (f"{column} {row} {stat}", f"{row} {stat}", f"{column} {stat}", stat, row)
            number["diagnosis"] = next((why[k] for k in (*keys, column, "default") if k in why), "")
        yield number


# -- in the engine -------------------------------------------------------------------------------


def keep(run: exhibits.Run, rows: list[dict], rests: list[frozenset[str]]) -> None:
    """Compare a run's numbers with the published ones and add them to its files.

    A number without a diagnosis is kept as it is: the record's own test asks for one.

    Parameters
    ----------
    rows : list of dict
        As :func:`evaluate` returns them.
    rests : list of set of str
        The datasets that each entry of the table rests on.
    """
    for row in rows:
        keys = sorted(rests[row["entry"]], key=run.chapter.datasets.index)
        target = replication.lookup(run.chapter.paper, *row["key"])
        made_up, difference = run.made_up(keys), row["difference"]
        if made_up:
            status = "needs data"
            stand_ins = [k for k in keys if run.provenance[k].tier in exhibits.STANDS_IN]
            difference = f"needs {', '.join(stand_ins)}"
        else:
            status = replication.status(
                row["value"],
                target["value"],
                stat=target["stat"],
                unit=target["unit"],
                published_se=replication.published_se(target),
                stars=target["stars"] if target["stat"] == "coef" else None,
                significant=row["significant"],
            )
        versions = "; ".join(f"{k} {run.provenance[k].sha256}" for k in keys)
        said = {
            "value": row["value"],
            "se": row["se"],
            "n": row["n"],
            "status": status,
            "sample": row["sample"],
            "difference": difference,
            "diagnosis": row["diagnosis"] if status == "differs" else "",
            "data": versions,
            "tier": run.tier(keys),
            "chapter": str(run.chapter.number),
            "cell": row["cell"],
        }
        key = dict(zip(replication.KEY, target[replication.KEY], strict=True))
        run.keep("numbers.csv", key | said)


def comparison(run: exhibits.Run, items=None, statuses=None) -> pd.DataFrame:
    """Return published numbers beside ours, as a reader sees them.

    At the recorded parameters: published, recorded, this build, and how near they are. In any other
    run: published and this run, since a status speaks of the recorded one.

    Parameters
    ----------
    items, statuses : sequence of str, optional
        Only the numbers of these tables of the paper and, at recorded parameters, of these
        statuses.
    """
    live = pd.DataFrame(run.rows.get("numbers.csv", []), columns=replication.NUMBER_COLUMNS)
    board = replication.published().merge(live, on=replication.KEY, suffixes=("", "_live"))
    kept = replication.recorded()[[*replication.KEY, "value", "tier", "status"]]
    board = board.merge(kept, on=replication.KEY, how="left", suffixes=("", "_recorded"))
    board = board[board["item"].isin(items)] if items else board
    rows = []
    for row in board.to_dict("records"):
        real, known = row["tier"] == "original", row["tier_recorded"] == "original"
        live_text = replication.as_printed(row["value_live"], row["value"])
        kept_text = replication.as_printed(row["value_recorded"], row["value"]) if known else "–"
        status = row["status_recorded"] if known and not real else row["status"]
        if run.recorded and statuses and status not in (*statuses, "needs data"):
            continue
        shown = {
            "number": replication.label(row),
            "published": f"{row['value']} {row['unit'].replace('_', ' ')}".strip(),
        }
        ours = live_text if real else f"{live_text} (made up)"
        if run.recorded:
            shown |= {"recorded": kept_text, "this build": ours, "status": status}
            shown |= {"sample": row["sample"], "remark": row["diagnosis"] or row["difference"]}
        else:
            shown |= {"this run": ours}
        rows.append(shown)
    return pd.DataFrame(rows)


def dumps(name: str, names: Mapping) -> str:
    """Return :func:`evaluate` of the chapter of this name as JSON, which a kernel can send."""
    return json.dumps(evaluate(find(name), names))
