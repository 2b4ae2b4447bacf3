"""How far two codings of the same treaties agree."""

import numpy as np
import pandas as pd
from statsmodels.stats.inter_rater import cohens_kappa

from lib.agreements.rule_depth._score import RULES
from lib.errors import BookError

SCORES = range(5)


def coded(coding: pd.DataFrame, deepening: str = "printed") -> pd.DataFrame:
    """Bring a coding by hand to scores.

    Parameters
    ----------
    coding : DataFrame
        `treaty`, `rule`, `present`, `binding`, `dispute`, `deepening` (0 or 1): one coding of
        ``data.load("digital_rules_coding")``. A rule without a row is absent.
    deepening : {"printed", "binding"}
        As for :func:`score`.

    Returns
    -------
    DataFrame
        Treaties × the 23 rules, scores 0 to 4.

    Raises
    ------
    BookError
        If the reading is not one of the two.
    """
    if deepening not in ("printed", "binding"):
        raise BookError("deepening is printed or binding.")
    bound = coding["binding"] * (1 + coding["dispute"])
    deep = (coding["deepening"] == 1) & ((deepening == "printed") | (coding["binding"] == 1))
    score = coding["present"] * (1 + bound).mask(deep, 4)
    wide = coding.assign(score=score).pivot(index="treaty", columns="rule", values="score")
    return wide.reindex(columns=list(RULES)).fillna(0).astype(int)


def reliability(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    r"""Compare two codings rule by rule.

    Parameters
    ----------
    one, other : DataFrame
        Treaties × rules, scores 0 to 4, of the same treaties. `one` is taken as the truth where
        precision and recall need one.

    Returns
    -------
    DataFrame
        Indexed by rule, and ``all`` for all cells together:

        * `cells`; `equal`: share with the same score; `present`: number with the rule in `one`;
        * `kappa`: Cohen's kappa of the five scores; `kappa_present`: of presence;
        * `precision`, `recall` of presence in `other`.

        NaN where a measure is not defined: kappa if both give the same constant, precision if
        `other` never finds the rule, recall if `one` never has it.

    Raises
    ------
    BookError
        If the two do not have the same treaties.

    Notes
    -----
    :math:`\kappa = (p_o - p_e)/(1 - p_e)`, with :math:`p_o` the share of equal cells and
    :math:`p_e` what independent coders with the same margins would reach: Cohen (1960).
    """
    if set(one.index) != set(other.index):
        raise BookError("The two codings are not of the same treaties.")
    one, other = one.loc[one.index, list(RULES)], other.loc[one.index, list(RULES)]
    rows = {rule: _row(one[rule], other[rule]) for rule in RULES}
    rows["all"] = _row(one.stack(), other.stack())
    return pd.DataFrame(rows).T.astype({"cells": int, "present": int}).rename_axis("rule")


def differences(
    one: pd.DataFrame, other: pd.DataFrame, names: tuple[str, str] = ("one", "the other")
) -> pd.DataFrame:
    """List the cells in which two codings give different scores, and what they part on.

    Parameters
    ----------
    one, other : DataFrame
        Treaties × rules, scores 0 to 4, of the same treaties.
    names : tuple of str
        What the kinds call the two.

    Returns
    -------
    DataFrame
        One row for each such cell, in the order of `one`: `treaty`, `rule`, the scores `one` and
        `other`, and `kind`, a category with the values in this order: "rule found only by" the
        first or by the second; "deepening form", if one of them gives 4; "dispute settlement", if
        they give 2 and 3; else "whether the sentence binds".

    Raises
    ------
    BookError
        If the two do not have the same treaties.
    """
    if set(one.index) != set(other.index):
        raise BookError("The two codings are not of the same treaties.")
    pair = {"one": one[list(RULES)].stack(), "other": other[list(RULES)].stack()}
    cells = pd.DataFrame(pair).reindex(pair["one"].index).astype(int)
    cells = cells[cells["one"] != cells["other"]].rename_axis(["treaty", "rule"]).reset_index()
    scores = cells[["one", "other"]]
    kinds = {f"rule found only by {names[0]}": scores["other"] == 0}
    kinds |= {f"rule found only by {names[1]}": scores["one"] == 0}
    kinds |= {"deepening form": scores.eq(4).any(axis=1)}
    kinds |= {"dispute settlement": scores.isin([2, 3]).all(axis=1)}
    last = "whether the sentence binds"
    found = np.select(list(kinds.values()), list(kinds), last)
    return cells.assign(kind=pd.Categorical(found, [*kinds, last]))


def _row(one: pd.Series, other: pd.Series) -> dict:
    has, found = one > 0, other > 0
    both = (has & found).sum()
    return {
        "cells": len(one),
        "present": has.sum(),
        "equal": (one == other).mean(),
        "kappa": _kappa(one, other),
        "kappa_present": _kappa(has, found),
        "precision": both / found.sum() if found.any() else float("nan"),
        "recall": both / has.sum() if has.any() else float("nan"),
    }


def _kappa(one: pd.Series, other: pd.Series) -> float:
    if len(set(one) | set(other)) == 1:
        return float("nan")
    table = pd.crosstab(one.to_numpy(int), other.to_numpy(int))
    table = table.reindex(index=SCORES, columns=SCORES, fill_value=0)
    return cohens_kappa(table.to_numpy(), return_results=False)
