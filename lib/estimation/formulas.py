"""Regressions written as formulas, and a table of them in one call."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lib.errors import BookError
from lib.estimation.fixed_effects import Estimate, hdfe, two_way


def fit(
    data: pd.DataFrame,
    formula: str,
    *,
    controls: Sequence[str] = (),
    cluster: str = "country",
    time: str = "year",
) -> Estimate:
    """Estimate one panel regression that is written as a formula.

    Parameters
    ----------
    data : DataFrame
        One row per observation.
    formula : str
        ``"y ~ x + controls"`` absorbs the effects of `cluster` and `time` and reports what Stata's
        xtreg does (:func:`lib.estimation.two_way`). ``"y ~ x + controls | country + group^year"``
        names the effects itself, ``^`` for an interaction (:func:`lib.estimation.hdfe`).
    controls : sequence of str
        Columns that the word ``controls`` stands for.
    cluster, time : str
        Columns of units and of periods; errors are clustered by unit.

    Returns
    -------
    Estimate

    Raises
    ------
    BookError
        If the formula has no ``~`` or no regressor, and as the estimators do.
    """
    outcome, tilde, right = (part.strip() for part in formula.partition("~"))
    regressors, bar, effects = (part.strip() for part in right.partition("|"))
    terms = _terms(regressors)
    x = [name for term in terms for name in (controls if term == "controls" else [term])]
    if not (tilde and outcome and x):
        raise BookError(f"{formula!r} is no formula; write one as 'y ~ x + controls'.")
    if not bar:
        return two_way(data, outcome, x, entity=cluster, time=time)
    absorb = [tuple(e.split("^")) if "^" in e else e for e in _terms(effects)]
    return hdfe(data, outcome, x, absorb, cluster)


def estimates(data: pd.DataFrame, formulas: Mapping[str, str], **options) -> dict[str, Estimate]:
    """Estimate every column of a regression table: name of the column → estimate.

    Parameters
    ----------
    data : DataFrame
    formulas : mapping of str to str
        Name of the column → formula as in :func:`fit`.
    **options
        `controls`, `cluster` and `time` of :func:`fit`.
    """
    return {name: fit(data, formula, **options) for name, formula in formulas.items()}


def _terms(text: str) -> list[str]:
    return [term.replace(" ", "") for term in text.split("+") if term.strip()]
