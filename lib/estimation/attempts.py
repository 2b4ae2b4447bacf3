"""Regressions side by side, with a gap where the data cannot tell."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lib.errors import BookError
from lib.estimation._design import Effect
from lib.estimation.fixed_effects import hdfe
from lib.estimation.glm import FAMILIES, glm
from lib.estimation.instruments import iv
from lib.estimation.weak import anderson_rubin_set

LINEAR = "linear"
SHOWN = ["coef", "std_error", "t", "p"]


def columns(
    data: pd.DataFrame,
    models: Mapping[str, tuple[str, str]],
    x: Sequence[str],
    absorb: Effect | Sequence[Effect] = (),
    cluster: Effect | None = None,
) -> pd.DataFrame:
    """Estimate the same regression in several ways, one below the other.

    Parameters
    ----------
    data, x, absorb, cluster
        As in :func:`lib.estimation.hdfe`.
    models : mapping of str to (str, str)
        Name → outcome and family: ``linear`` (least squares) or one of :func:`lib.estimation.glm`.

    Returns
    -------
    DataFrame
        Indexed by `model` and `term`: ``coef, std_error, t, p, nobs``. Missing where the estimator
        refuses the data: too few events, or a regressor that does not vary.

    Raises
    ------
    BookError
        If a column or a family does not exist, which no data can mend.
    """
    x = list(x)
    _check(data, [*x, *(outcome for outcome, _ in models.values())])
    tables = {}
    for name, (outcome, family) in models.items():
        if family not in (LINEAR, *FAMILIES):
            raise BookError(f"No family {family!r}; choose from {LINEAR}, {', '.join(FAMILIES)}.")
        more = {} if family == LINEAR else {"family": family}
        estimator = hdfe if family == LINEAR else glm
        try:
            tables[name] = _table(estimator(data, outcome, x, absorb, cluster, **more))
        except BookError:
            tables[name] = pd.DataFrame(np.nan, x, [*SHOWN, "nobs"])
    return pd.concat(tables, names=["model", "term"])


def coefficient(
    data: pd.DataFrame,
    y: str,
    x: str,
    controls: Sequence[str] = (),
    instruments: str | Sequence[str] = (),
    absorb: Effect | Sequence[Effect] = (),
    cluster: Effect | None = None,
) -> pd.Series:
    """Return one coefficient and what can be said of it, by least squares or two stages.

    Parameters
    ----------
    data, y, absorb, cluster
        As in :func:`lib.estimation.hdfe`; with instruments `cluster` is needed.
    x : str
        The regressor whose coefficient it is.
    controls : sequence of str
    instruments : str or sequence of str
        Without them, least squares.

    Returns
    -------
    Series
        ``coef, std_error, t, p, nobs``; ``r2``, of least squares, with the effects counted in; and
        of two stages ``F``, the robust first-stage F, and ``set``, the Anderson–Rubin 95 %
        :class:`lib.estimation.ConfidenceSet`. What does not apply is missing; all is where the
        estimator refuses the data, such as a regressor that does not vary.

    Raises
    ------
    BookError
        If a column does not exist, or there are instruments and no clusters.
    """
    z = [instruments] if isinstance(instruments, str) else list(instruments)
    _check(data, [y, x, *controls, *z])
    if z and cluster is None:
        raise BookError("Two stages need clusters; name a column, if need be one of single rows.")
    found = pd.Series(np.nan, [*SHOWN, "nobs", "r2", "F", "set"], dtype=object)
    try:
        if z:
            arguments = (data, y, list(controls), x, z, absorb, cluster)
            estimate = iv(*arguments)
            found["F"], found["set"] = estimate.weak_f, anderson_rubin_set(*arguments)
        else:
            estimate = hdfe(data, y, [x, *controls], absorb, cluster)
            found["r2"] = estimate.r2
    except BookError:
        return found
    return pd.concat([_table(estimate).loc[x].astype(object), found[["r2", "F", "set"]]])


def _check(data: pd.DataFrame, names: Sequence[str]) -> None:
    if absent := [name for name in names if name not in data]:
        raise BookError(f"The data have no column {absent[0]!r}; check its name.")


def _table(estimate) -> pd.DataFrame:
    numbers = (estimate.params, estimate.std_errors, estimate.tstats, estimate.pvalues)
    table = pd.DataFrame(dict(zip(SHOWN, numbers, strict=True)))
    return table.assign(nobs=estimate.nobs)
