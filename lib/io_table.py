"""The inter-country input–output table as a plain value object."""

from dataclasses import dataclass

import numpy as np

from lib.errors import BookError

FINAL_USES = ("household", "npish", "government", "gfcf", "inventories")


@dataclass(frozen=True, eq=False)
class InputOutput:
    """An inter-country input–output table in million USD.

    Rows and columns are country-major: position ``g * N + s`` is sector `s` of country `g`.

    Parameters
    ----------
    Z : ndarray, shape (G*N, G*N)
        Intermediate deliveries from the row industry to the column industry.
    Y : ndarray, shape (G*N, G, F)
        Final deliveries from the row industry to each country's final use.
    x : ndarray, shape (G*N,)
        Gross output as reported by the source; it need not equal the row sums of `Z` and `Y`.
    countries, sectors, uses : tuple of str
        Labels of the G countries, N sectors and F final uses.
    year : int

    Raises
    ------
    BookError
        If the shape of an array does not agree with the labels, or an array is not finite.
    """

    Z: np.ndarray
    Y: np.ndarray
    x: np.ndarray
    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    uses: tuple[str, ...]
    year: int

    def __post_init__(self):
        g, f = len(self.countries), len(self.uses)
        gn = g * len(self.sectors)
        for name, shape in {"Z": (gn, gn), "Y": (gn, g, f), "x": (gn,)}.items():
            array = getattr(self, name)
            if np.shape(array) != shape:
                raise BookError(
                    f"InputOutput: {name} has shape {np.shape(array)}, but {g} countries, "
                    f"{len(self.sectors)} sectors and {f} final uses need {shape}."
                )
            if not np.isfinite(array).all():
                raise BookError(
                    f"InputOutput: {name} has missing or infinite cells; fill or drop them first."
                )
        for name in ("countries", "sectors", "uses"):
            labels = getattr(self, name)
            if len(set(labels)) != len(labels):
                raise BookError(f"InputOutput: {name} holds a label twice; make the labels unique.")
