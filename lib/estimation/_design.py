"""The rows, effects and clusters that an estimator uses; columns net of the effects."""

import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyfixest
from pandas.errors import Pandas4Warning

from lib.errors import BookError

Effect = str | Sequence[str]
TOLERANCE = 1e-12
"""Of the alternating projections that take the effects out."""
COLLINEAR = 1e-9
"""Share of a regressor's variation below which what is left of it counts as nothing."""


@dataclass(frozen=True)
class Design:
    """Numbers as floats, effects and clusters as integers from 0, rows that are used only."""

    numbers: pd.DataFrame
    effects: pd.DataFrame
    cluster: pd.Series | None
    dropped: int
    singletons: int

    def nested(self, effect: str) -> bool:
        """Tell whether each level of an effect lies in one cluster."""
        if self.cluster is None:
            return False
        level, cluster = self.effects[effect].to_numpy(), self.cluster.to_numpy()
        of_level = np.zeros(level.max() + 1, cluster.dtype)
        of_level[level] = cluster
        return bool((of_level[level] == cluster).all())

    def levels(self, effect: str) -> int:
        """Return how many levels an effect has."""
        return int(self.effects[effect].to_numpy().max()) + 1


def design(data, numbers, absorb, cluster) -> Design:
    """Check names, code the effects, drop rows with gaps and then singletons."""
    effects = {_label(e): _columns(e) for e in _as_list(absorb)}
    groups = effects | ({"cluster": _columns(cluster)} if cluster is not None else {})
    used = [*numbers, *(c for columns in groups.values() for c in columns)]
    if twice := {n for n in numbers if list(numbers).count(n) > 1}:
        raise BookError(f"The variable {twice.pop()!r} is named twice; name it once.")
    if absent := [name for name in used if name not in data]:
        raise BookError(f"The data have no column {absent[0]!r}; check its name.")
    try:
        frame = data[list(numbers)].astype(float)
    except (TypeError, ValueError):
        raise BookError(f"Of {', '.join(numbers)}, one is not numeric; convert it first.") from None
    keep = np.isfinite(frame).all(axis=1) & data[list(dict.fromkeys(used))].notna().all(axis=1)
    frame, rows = frame[keep], data[keep]
    codes = pd.DataFrame({name: _codes(rows, c) for name, c in groups.items()}, frame.index)
    clusters = codes.pop("cluster") if cluster is not None else None
    found = Design(frame, codes, clusters, int((~keep).sum()), 0)
    return _without_singletons(found)


def _without_singletons(found: Design) -> Design:
    """Drop rows that an effect fits alone, until none is left: they tell nothing of slopes."""
    keep = np.ones(len(found.numbers), bool)
    codes = found.effects.to_numpy()
    while keep.any():
        counts = [np.bincount(code[keep], minlength=code.max() + 1)[code] for code in codes.T]
        alone = keep & (np.array(counts) == 1).any(axis=0) if counts else np.zeros_like(keep)
        if not alone.any():
            break
        keep &= ~alone
    if keep.sum() < 2:
        raise BookError("Too few observations are left once gaps and singletons are dropped.")
    if keep.all():
        return found
    left = found.effects[keep]
    return replace(
        found,
        numbers=found.numbers[keep],
        effects=pd.DataFrame({name: pd.factorize(left[name])[0] for name in left}, left.index),
        cluster=None if found.cluster is None else found.cluster[keep],
        singletons=int((~keep).sum()),
    )


def partial_out(columns, effects: pd.DataFrame) -> np.ndarray:
    """Return columns (N, k) net of the effects, or of their mean where there is no effect."""
    columns = np.ascontiguousarray(columns, float)
    if not effects.shape[1]:
        return columns - columns.mean(axis=0)
    codes = np.ascontiguousarray(effects, np.uint64)
    with quiet():
        net, converged = pyfixest.estimation.demean(
            columns, codes, np.ones(len(columns)), tol=TOLERANCE
        )
    if not converged:
        raise BookError("The fixed effects do not converge; absorb fewer or coarser ones.")
    return net


def residuals(columns, on) -> np.ndarray:
    """Return columns (N, k) less their projection on others (N, m)."""
    return columns - on @ np.linalg.lstsq(on, columns, rcond=None)[0] if on.shape[1] else columns


def scaled(columns: pd.DataFrame, effects: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return columns net of the effects in units of their standard deviation, and these units."""
    raw = columns.to_numpy(float)
    raw = raw - raw.mean(axis=0)
    scale = np.sqrt((raw**2).mean(axis=0))
    scale[scale == 0] = 1.0
    raw /= scale
    return partial_out(raw, effects), scale


def refuse_collinear(columns: pd.DataFrame, effects: pd.DataFrame) -> None:
    """Refuse, by name, a regressor that the effects or those before it explain in full."""
    net, _ = scaled(columns, effects)
    refuse_absorbed(net, list(columns), effects)


def refuse_absorbed(net: np.ndarray, names, effects: pd.DataFrame) -> None:
    """As :func:`refuse_collinear`, of columns that are net of the effects already."""
    for i, name in enumerate(names):
        left = np.linalg.norm(net[:, i])
        if left < COLLINEAR * np.sqrt(len(net)):
            raise BookError(
                f"The regressor {name!r} does not vary once the fixed effects "
                f"({', '.join(effects) or 'the constant'}) are absorbed; leave it out."
            )
        if np.linalg.norm(residuals(net[:, [i]] / left, net[:, :i])) < 10 * COLLINEAR:
            others = ", ".join(map(repr, names[:i]))
            raise BookError(f"The regressor {name!r} is collinear with {others}; leave one out.")


def sums(scores: np.ndarray, cluster: pd.Series | None) -> np.ndarray:
    """Return the scores (N, k) summed by cluster, coded from 0; as they are without clusters."""
    if cluster is None:
        return scores
    codes = pd.factorize(cluster)[0]
    return np.column_stack([np.bincount(codes, column) for column in scores.T])


@contextmanager
def quiet():
    """Silence what concerns the libraries below, not a user.

    These are pandas' announcements of pandas 4, and divisions by zero in adjusted R² of a
    regression without degrees of freedom, which is refused in our own words.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", Pandas4Warning)
        yield


def _as_list(absorb) -> list:
    return [absorb] if isinstance(absorb, str) else list(absorb)


def _columns(effect: Effect) -> list[str]:
    return [effect] if isinstance(effect, str) else list(effect)


def _label(effect: Effect) -> str:
    return " × ".join(_columns(effect))


def _codes(rows: pd.DataFrame, columns: list[str]) -> np.ndarray:
    if len(columns) == 1:
        return pd.factorize(rows[columns[0]])[0]
    return rows.groupby(columns, sort=False, observed=True).ngroup().to_numpy()
