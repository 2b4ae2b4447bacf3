"""The inter-country input–output table that every measure of this room reads."""

import warnings
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.linalg import LinAlgError, LinAlgWarning, inv

from lib.errors import BookError
from lib.io_table import InputOutput

BALANCE = ("reported", "row_sums")
ROUNDING = 1e-9
NEGLIGIBLE = 1e-6


class Table:
    r"""A validated, labelled inter-country input–output table with one cached inverse.

    Rows and columns are country-major: position ``g * N + s`` is sector s of country g.

    Parameters
    ----------
    Z : array_like, shape (G*N, G*N)
        Intermediate deliveries from the row industry to the column industry. Labels of a DataFrame
        are checked against `countries` and `sectors`, here and for `Y` and `x`.
    Y : array_like, shape (G*N, G) or (G*N, G*F) or (G*N, G, F)
        Final deliveries to each country, or to each country's F uses. Negative cells (inventories)
        are legal.
    countries, sectors : sequence of str
        Labels of the G countries and N sectors.
    x : array_like, shape (G*N,), optional
        Gross output as reported; row sums if absent.
    balance : {"reported", "row_sums"}
        Keep the reported output and carry its difference to the row sums as `imbalance`, or take
        the row sums for output. Truncated sources have tiny sectors whose recorded sales are zero
        or, after inventories, negative; with ``"row_sums"`` their rows and columns are emptied if
        that drops no more than a millionth of world output.
    tolerance : float
        Largest sum of absolute differences, as a share of world output, with which the reported
        output is accepted; ``numpy.inf`` accepts any.
    uses : sequence of str, optional
        Labels of the F final uses; ``"inventories"`` is needed by the inventory correction.
    year : int, optional
        Carried along, used by :func:`lib.gvc.panel`.

    Attributes
    ----------
    imbalance : Series
        Reported output less row sums, by (country, sector), in the unit of the table; exact zeros
        where the two differ by rounding only. It is reported whatever `balance` is.
    discrepancy : ndarray, shape (G*N,)
        The imbalance that the measures carry: zero with ``balance="row_sums"``.

    Raises
    ------
    BookError
        On shapes or labels that do not agree, missing or infinite cells, negative output, inputs
        bought by a sector without output, an imbalance beyond the tolerance, or a table that is
        not productive (its Leontief inverse does not exist or has negative cells).

    Notes
    -----
    .. math::
        x = Z u + Y u + d, \quad A = Z \hat x^{-1}, \quad B = (I - A)^{-1}, \quad V = u'(I - A)

    with :math:`d` the imbalance (Ni 2018, eqs 1–2). Value added is what inputs leave of output, so
    with only Z, Y and x at hand it includes taxes and margins, and :math:`VB = u'` holds exactly. A
    sector without output has an empty column in A. Values are in the unit of Z throughout.
    """

    def __init__(
        self,
        Z,
        Y,
        countries,
        sectors,
        x=None,
        balance="reported",
        tolerance=0.01,
        uses=None,
        year=None,
    ):
        if balance not in BALANCE:
            raise BookError(f"balance={balance!r} is not one of {', '.join(BALANCE)}.")
        self.countries = _labels("countries", countries)
        self.sectors = _labels("sectors", sectors)
        self.balance, self.year = balance, year
        self.G, self.N = len(self.countries), len(self.sectors)
        self.rows = pd.MultiIndex.from_product(
            [self.countries, self.sectors], names=["country", "sector"]
        )
        self.Z = self._array("Z", Z, (len(self.rows),) * 2)
        self.final = self._final_uses(Y, uses)
        self.uses = None if uses is None else tuple(uses)

        scale = np.abs(self.Z).sum(1) + np.abs(self.final).sum((1, 2))
        sums = self.Z.sum(1) + self.final.sum((1, 2))
        sums[np.abs(sums) <= ROUNDING * scale] = 0.0
        reported = sums if x is None else self._array("x", x, (len(self.rows),))
        self._refuse_negative(reported)
        gap = reported - sums
        gap[np.abs(gap) <= ROUNDING * np.maximum(scale, reported)] = 0.0
        self.imbalance = self.series(gap, "imbalance")

        if balance == "row_sums":
            if x is not None:
                self._empty(sums <= 0, reported)
                sums = self.Z.sum(1) + self.final.sum((1, 2))
            self._refuse_negative(sums)
            self.x = sums
            self.discrepancy = np.zeros_like(gap)
        else:
            self._refuse_imbalance(gap, reported, tolerance)
            # Where the two agree up to rounding the row sums are as good, and close exactly.
            self.x = np.where(gap == 0, sums, reported)
            self.discrepancy = gap
        self._refuse_idle_buyers()
        self.Y = self.final.sum(2)

    @classmethod
    def of(cls, io: InputOutput, balance="reported", tolerance=0.01) -> "Table":
        """Make a table from the canonical :class:`lib.io_table.InputOutput`."""
        return cls(io.Z, io.Y, io.countries, io.sectors, io.x, balance, tolerance, io.uses, io.year)

    def __repr__(self):
        year = "" if self.year is None else f" of {self.year}"
        return f"<Table{year}: {self.G} countries × {self.N} sectors, balance={self.balance!r}>"

    # Coefficients

    @cached_property
    def A(self) -> np.ndarray:
        """Direct input coefficients, shape (G*N, G*N)."""
        return np.divide(self.Z, self.x, out=np.zeros_like(self.Z), where=self.x > 0)

    @cached_property
    def V(self) -> np.ndarray:
        """Value added per unit of output, shape (G*N,)."""
        return 1.0 - self.A.sum(0)

    @cached_property
    def B(self) -> np.ndarray:
        """Leontief inverse of the world, shape (G*N, G*N)."""
        B = _inverse(np.eye(len(self.x)) - self.A)
        if B is None or (B.min() < -ROUNDING and self.Z.min() >= 0):
            raise self._unproductive()
        return B

    @cached_property
    def BY(self) -> np.ndarray:
        """Output of each industry that each country finally absorbs, shape (G*N, G)."""
        return self.B @ self.Y

    @cached_property
    def L(self) -> np.ndarray:
        """Local Leontief inverses, shape (G, N, N): each country's domestic inputs only."""
        try:
            return np.linalg.inv(np.eye(self.N) - self.own_blocks(self.A))
        except np.linalg.LinAlgError:
            raise self._unproductive() from None

    @cached_property
    def A_foreign(self) -> np.ndarray:
        """Imported input coefficients: A with its diagonal blocks set to zero."""
        A = self.A.copy()
        g = np.arange(self.G)
        A.reshape(self.G, self.N, self.G, self.N)[g, :, g] = 0.0
        return A

    @property
    def ghosh(self) -> np.ndarray:
        r"""Ghosh inverse :math:`\hat x^{-1} B \hat x`; identity rows where output is zero."""
        return np.divide(
            self.B * self.x, self.x[:, None], out=np.eye(len(self.x)), where=self.x[:, None] > 0
        )

    # Aggregates

    @property
    def value_added(self) -> pd.Series:
        """Value added by (country, sector)."""
        return self.series(self.V * self.x, "value_added")

    @property
    def output(self) -> pd.Series:
        """Gross output by (country, sector)."""
        return self.series(self.x, "output")

    @cached_property
    def E(self) -> np.ndarray:
        """Gross exports of each industry to each country, shape (G*N, G); zero to its own."""
        E = self.Z.reshape(len(self.x), self.G, self.N).sum(2) + self.Y
        E.reshape(self.G, self.N, self.G)[np.arange(self.G), :, np.arange(self.G)] = 0.0
        return E

    # Blocks and labels

    def own_blocks(self, M: np.ndarray) -> np.ndarray:
        """Return the diagonal country blocks of a (G*N, G*N) matrix as (G, N, N)."""
        g = np.arange(self.G)
        return M.reshape(self.G, self.N, self.G, self.N)[g, :, g]

    def local(self, v: np.ndarray) -> np.ndarray:
        """Multiply a vector of industries by the block-diagonal local inverses."""
        return np.matmul(self.L, v.reshape(self.G, self.N, 1)).ravel()

    def local_left(self, v: np.ndarray) -> np.ndarray:
        """Multiply the block-diagonal local inverses by a row vector of industries."""
        return np.matmul(v.reshape(self.G, 1, self.N), self.L).ravel()

    def by_country(self, M: np.ndarray) -> np.ndarray:
        """Sum the rows of an array over the sectors of each country."""
        return M.reshape(self.G, self.N, *M.shape[1:]).sum(1)

    def series(self, v: np.ndarray, name: str | None = None) -> pd.Series:
        """Label a vector of industries."""
        return pd.Series(v, self.rows, name=name)

    def countries_index(self, name: str = "country") -> pd.Index:
        """Label of the country axis."""
        return pd.Index(self.countries, name=name)

    def coefficients(self, factor=None) -> np.ndarray:
        """Return a factor's amount per unit of output, value added if `factor` is None.

        Parameters
        ----------
        factor : Series by (country, sector) or by country, or ndarray (G*N,), optional
            Amounts, such as jobs or tonnes. An amount by country is spread over its sectors in
            proportion to value added, as if every sector had the same productivity.

        Raises
        ------
        BookError
            On other labels or shapes, missing amounts, or an amount where there is no output.
        """
        if factor is None:
            return self.V
        if isinstance(factor, pd.Series) and factor.index.nlevels == 1:
            missing = [c for c in self.countries if c not in factor.index]
            if missing:
                raise BookError(f"factor has no amount for {', '.join(missing)}; add it.")
            factor = self._spread(factor.loc[list(self.countries)].to_numpy(float))
        amount = self._array("factor", factor, (len(self.rows),))
        stray = (amount != 0) & (self.x == 0)
        if stray.any():
            country, sector = self.rows[np.argmax(stray)]
            raise BookError(
                f"factor has an amount for {country} {sector}, which has no output; drop it."
            )
        return np.divide(amount, self.x, out=np.zeros_like(amount), where=self.x > 0)

    def _empty(self, stray: np.ndarray, output: np.ndarray):
        """Drop the flows of stray sectors if they are negligible."""
        flows = self.Z[stray].sum() + self.Z[:, stray].sum() + np.abs(self.final[stray]).sum()
        if 0 < flows <= NEGLIGIBLE * output.sum():
            self.Z, self.final = self.Z.copy(), self.final.copy()
            self.Z[stray] = self.Z[:, stray] = self.final[stray] = 0.0

    def _spread(self, totals: np.ndarray) -> np.ndarray:
        """Spread countries' totals over sectors in proportion to value added."""
        added = (self.V * self.x).reshape(self.G, self.N)
        gdp = added.sum(1)
        empty = (gdp <= 0) & (totals != 0)
        if empty.any():
            raise BookError(
                f"factor has an amount for {self.countries[np.argmax(empty)]}, which has no value "
                f"added to spread it by; give amounts by sector."
            )
        share = np.divide(totals, gdp, out=np.zeros_like(gdp), where=gdp > 0)
        return (share[:, None] * added).ravel()

    # Checks

    def _array(self, name, values, shape) -> np.ndarray:
        """Return a read-only float array of `shape` whose labels, if any, are the table's."""
        for axis in ("index", "columns"):
            labels = getattr(values, axis, None)
            if isinstance(labels, pd.MultiIndex) and not _same(labels, self.rows):
                raise BookError(
                    f"Table: the {axis} of {name} is not countries × sectors in the table's order; "
                    f"reindex it to (country, sector), country-major."
                )
        try:
            array = np.asarray(values, dtype=float).view()
        except (TypeError, ValueError):
            raise BookError(f"Table: {name} holds something that is not a number.") from None
        if array.shape != shape:
            raise BookError(
                f"Table: {name} has shape {array.shape}, but {self.G} countries and {self.N} "
                f"sectors need {shape}."
            )
        if not np.isfinite(array).all():
            raise BookError(
                f"Table: {name} has missing or infinite cells; fill or drop them first."
            )
        array.flags.writeable = False
        return array

    def _final_uses(self, Y, uses) -> np.ndarray:
        shape = np.shape(Y)
        width = int(np.prod(shape[1:])) if len(shape) in (2, 3) else 0
        count = width // self.G if uses is None else len(uses)
        if len(shape) == 3 and shape[1:] != (self.G, count) or width != self.G * max(count, 1):
            raise BookError(
                f"Table: Y has shape {shape}, but {self.G} countries need {self.G} columns for "
                f"each final use{'' if uses is None else f' of {tuple(uses)}'}."
            )
        array = self._array("Y", Y, (len(self.rows), *shape[1:]))
        columns = getattr(Y, "columns", None)
        if columns is not None and not isinstance(columns, pd.RangeIndex):
            importers = columns.get_level_values(0)
            if not _same(importers, np.repeat(self.countries, count)):
                raise BookError(
                    "Table: the columns of Y are not the table's countries in their order; reorder "
                    "them, country-major."
                )
        return array.reshape(len(self.rows), self.G, count)

    def _unproductive(self):
        country, sector = self.rows[np.argmin(self.V)]
        return BookError(
            f"The table is not productive: its Leontief inverse does not exist or has negative "
            f"cells; check the inputs of {country} {sector}, the largest against its output."
        )

    def _refuse_negative(self, x):
        if x.min() < 0:
            country, sector = self.rows[np.argmin(x)]
            raise BookError(
                f"Table: {country} {sector} has a negative output ({x.min():g}); mend the source "
                f"or aggregate the sector away."
            )

    def _refuse_imbalance(self, gap, reported, tolerance):
        share = np.abs(gap).sum() / max(reported.sum(), np.finfo(float).tiny)
        if share > tolerance:
            country, sector = self.rows[np.argmax(np.abs(gap))]
            raise BookError(
                f"Table: reported output differs from row sums by {share:.2%} of world output "
                f"(most in {country} {sector}), beyond the tolerance of {tolerance:.2%}; raise it "
                f'or use balance="row_sums".'
            )

    def _refuse_idle_buyers(self):
        buyers = (self.x == 0) & self.Z.any(0)
        if buyers.any():
            country, sector = self.rows[np.argmax(buyers)]
            raise BookError(f"Table: {country} {sector} buys inputs but has no output; mend it.")


def _labels(name, labels) -> tuple[str, ...]:
    labels = tuple(labels)
    if not labels or len(set(labels)) != len(labels):
        raise BookError(f"Table: {name} must be unique labels, at least one.")
    return labels


def _same(one, other) -> bool:
    return len(one) == len(other) and all(a == b for a, b in zip(one, other, strict=True))


def _inverse(M) -> np.ndarray | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", LinAlgWarning)
        try:
            return inv(M, overwrite_a=True, check_finite=False)
        except (LinAlgError, LinAlgWarning):
            return None
