"""From scores of rules to the index of each treaty, and from treaties to pairs and years."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lib.agreements._network import KEYS, pairs
from lib.agreements.rule_depth._score import CODEBOOK, RULES, score
from lib.errors import BookError

PILLARS = tuple(CODEBOOK["pillars"])
CODED = [
    "english", "chinese", "group", "pillar", "deepening", "counts", "excludes", "deep_counts",
    "example",
]  # fmt: skip
PANEL = [*KEYS, "depth", *PILLARS, "repeat", "multilateral", "treaties"]


def evidence(texts: pd.DataFrame, deepening: str = "printed") -> pd.DataFrame:
    """Score every treaty and keep the sentences.

    Parameters
    ----------
    texts : DataFrame
        ``data.load("tota", texts=True)``.
    deepening : {"printed", "binding"}
        As for :func:`score`.

    Returns
    -------
    DataFrame
        `treaty` and the columns of :func:`score`, one row for each treaty and rule, 23 a treaty.
        ``attrs["report"]`` maps treaties to what could not be read in them.

    Raises
    ------
    BookError
        If there are no texts, or as for :func:`score`.
    """
    found, report = [], {}
    if "treaty" not in texts or texts.empty:
        raise BookError("There are no texts; pass what data.load('tota', texts=True) returns.")
    for treaty, articles in texts.groupby("treaty", sort=True):
        rules = score(articles, deepening)
        report[int(treaty)] = rules.attrs["report"]
        found.append(rules.assign(treaty=treaty).reset_index())
    frame = pd.concat(found, ignore_index=True)
    frame.attrs["report"] = {treaty: said for treaty, said in report.items() if said}
    return frame[["treaty", *frame.columns.drop("treaty")]]


def depth(
    scores: pd.DataFrame, security: str = "consumers", weights: str = "levels"
) -> pd.DataFrame:
    r"""Average the scores of rules upwards to pillars and the index.

    Parameters
    ----------
    scores : DataFrame
        One column for each of the 23 rules, scores 0 to 4; any index. Rules that are NaN are left
        out of the averages.
    security : {"consumers", "apart"}
        Whether network security is a rule on online consumers, as the printed table reads, or a
        group of its own beside them.
    weights : {"levels", "rules", "count"}
        Average level by level as in the paper; weigh the 23 rules equally; or give the share of
        rules that are present.

    Returns
    -------
    DataFrame
        On the index of `scores`: `openness`, `privacy`, `cooperation` and `depth`, from 0 to 4
        (0 to 1 for the share).

    Raises
    ------
    BookError
        If a rule has no column or an argument is not one of its values.

    Notes
    -----
    Equation 3 of Dang and Yin (2024): the depth of a level is the mean of the depths below it,

    .. math:: rule_H = \frac{1}{n} \sum_{i=1}^{n} rule_{L_i} ,

    from rules to groups, from groups to pillars, and from pillars to the index.
    """
    if missing := [rule for rule in RULES if rule not in scores]:
        raise BookError(f"The scores have no column {missing[0]!r}; pass all 23 rules.")
    if security not in ("consumers", "apart") or weights not in ("levels", "rules", "count"):
        raise BookError("security is consumers or apart; weights is levels, rules or count.")
    values = scores[list(RULES)].astype(float)
    if weights == "count":
        values = values.gt(0).astype(float).where(values.notna())
    group = pd.Series({rule: _group(rule, security) for rule in RULES})
    pillar = pd.Series({name: entry["pillar"] for name, entry in CODEBOOK["groups"].items()})
    if weights == "levels":
        groups = values.T.groupby(group).mean()
        found = groups.groupby(pillar).mean().T[list(PILLARS)]
        return found.assign(depth=found.mean(axis=1))
    found = values.T.groupby(group.map(pillar)).mean().T[list(PILLARS)]
    return found.assign(depth=values.mean(axis=1))


def codebook(security: str = "consumers") -> pd.DataFrame:
    """Return the 23 rules with their place in the paper's table and what counts for each.

    Parameters
    ----------
    security : {"consumers", "apart"}
        As for :func:`depth`.

    Returns
    -------
    DataFrame
        Indexed by rule: `english` and `chinese` names, name of its `group`, its `pillar` as in
        :func:`depth`, `deepening` (the form that scores 4), and the tests of a reader, `counts`,
        `excludes`, `deep_counts` and `example`; empty where a rule has none.
    """
    frame = pd.DataFrame(CODEBOOK["rules"]).T.rename_axis("rule").fillna("")
    groups = [CODEBOOK["groups"][_group(rule, security)] for rule in RULES]
    frame["pillar"] = [group["pillar"] for group in groups]
    frame["group"] = [group["english"] for group in groups]
    return frame[CODED]


def _group(rule: str, security: str) -> str:
    entry = CODEBOOK["rules"][rule]
    return entry.get("alternative_group", entry["group"]) if security == "apart" else entry["group"]


def scored(treaties: pd.DataFrame, texts: pd.DataFrame, deepening: str = "printed") -> pd.DataFrame:
    """Return the treaties with a column for each of the 23 rules.

    Parameters
    ----------
    treaties : DataFrame
        ``data.load("tota")``.
    texts : DataFrame
        ``data.load("tota", texts=True)``, or what :func:`evidence` made of it.
    deepening : {"printed", "binding"}
        As for :func:`score`.

    Returns
    -------
    DataFrame
        `treaties` and 23 columns of scores; NaN if the text is missing or not handled.
    """
    found = texts if "rule" in texts else evidence(texts, deepening)
    wide = found.pivot(index="treaty", columns="rule", values="score")
    return treaties.join(wide[list(RULES)].astype(float), on="treaty")


def depth_panel(
    treaties: pd.DataFrame, years, countries: Iterable[str] | None = None, **reading: str
) -> pd.DataFrame:
    """Return how deep the digital rules between two countries are in each year.

    Parameters
    ----------
    treaties : DataFrame
        What :func:`scored` returns. A treaty without scores counts like one without digital rules.
    years : int or iterable of int
        A treaty counts from the year of its entry into force to the year before its end.
    countries : iterable of str, optional
        Return every ordered pair of these in every year, depth 0 where no rule is in force. If not
        given, only pairs with digital rules have a row.
    **reading
        `security` and `weights` as for :func:`depth`.

    Returns
    -------
    DataFrame
        One row for each ordered pair and year with digital rules in force, or for each of
        `countries`: `exporter`, `importer`, `year`; `depth`, `openness`, `privacy`, `cooperation`;
        `repeat` (1 if more than one treaty with digital rules is in force between the two);
        `multilateral` (1 if all of them have more than two parties); `treaties`, their numbers with
        a blank between, empty if there is none.

    Raises
    ------
    BookError
        If the treaties are not scored, or none of the years has any.

    Notes
    -----
    A treaty of several parties binds each pair of them (:func:`lib.agreements.pairs`), the members
    of a union together from the year of their entry. Where treaties repeat a rule, the deeper score
    counts; then the scores are averaged upwards: Dang and Yin (2024), section 3.
    """
    if any(rule not in treaties for rule in RULES):
        raise BookError("The treaties have no scores; pass what rule_depth.scored returns.")
    rules = treaties.set_index(treaties["treaty"].astype("str"))[list(RULES)].fillna(0.0)
    rules = rules[rules.gt(0).any(axis=1)]
    spells = pairs(treaties)
    parties = pd.concat([spells["exporter"], spells["importer"]]).groupby(
        pd.concat([spells["treaty"]] * 2)
    )
    spells = spells.assign(many=spells["treaty"].map(parties.nunique()) > 2)
    spells = spells[spells["treaty"].isin(rules.index)]
    grid = spells.merge(pd.DataFrame({"year": np.unique(years)}), how="cross")
    grid = grid[(grid["entry"] <= grid["year"]) & (grid["year"] < grid["exit"])]
    if grid.empty:
        raise BookError("No treaty with digital rules is in force in these years.")
    grid = grid.drop_duplicates([*KEYS, "treaty"]).join(rules, on="treaty")
    by_pair = grid.groupby(KEYS)
    deepest = by_pair[list(RULES)].max()
    panel = depth(deepest, **reading).assign(
        repeat=by_pair["treaty"].size().gt(1).astype(int),
        multilateral=by_pair["many"].all().astype(int),
        treaties=by_pair["treaty"].agg(" ".join),
    )
    panel = panel.reset_index()[PANEL]
    if countries is None:
        return panel
    names = sorted(set(countries))
    square = pd.MultiIndex.from_product([names, names, np.unique(years)], names=KEYS)
    square = square[square.get_level_values(0) != square.get_level_values(1)]
    full = panel.set_index(KEYS).reindex(square)
    full = full.fillna(dict.fromkeys(full.columns.drop("treaties"), 0) | {"treaties": ""})
    return full.astype({"repeat": int, "multilateral": int}).reset_index()
