"""The data room: one catalogue, one reader per source, an honest sample where data are absent.

>>> from lib import data
>>> data.load("wiod_2013", year=2000)      # doctest: +SKIP
>>> data.provenance("wiod_2013").tier      # doctest: +SKIP
'original'
"""

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

from lib.data import _store
from lib.data._catalogue import Dataset, catalogue, dataset
from lib.data._labelled import read_table
from lib.data._tota import read_treaty
from lib.data.wiod import InputOutput, wiod_sectors
from lib.errors import DataError

__all__ = [
    "Dataset",
    "InputOutput",
    "Provenance",
    "available",
    "catalogue",
    "fetch",
    "load",
    "provenance",
    "read_table",
    "read_treaty",
    "wiod_sectors",
]

TIERS = ("auto", "original", "sample")
LOADED: list[str] = []
"""Keys in the order in which they were loaded; whoever reads it may empty it."""


@dataclass(frozen=True)
class Provenance:
    """Where the numbers of a dataset come from in this build.

    Attributes
    ----------
    key, title : str
    tier : {"original", "embedded", "sample", "absent"}
    version : str
        Version of the original; empty for a sample.
    sha256 : str
        First 12 hex digits of the combined hash of its files; empty for a sample.
    note : str
        Origin of the copy, or what stands in, or what to do.
    """

    key: str
    title: str
    tier: str
    version: str
    sha256: str
    note: str


def available(key: str) -> bool:
    """Tell whether the original is here: every file in the mirror or the cache, at its size."""
    return _store.available(dataset(key))


def _tier(ds: Dataset, tier: str = "auto") -> str:
    """Choose between original, embedded, sample and absent; a damaged original is refused."""
    if tier not in TIERS:
        raise DataError(f"Tier {tier!r} does not exist; choose one of {', '.join(TIERS)}.")
    default = os.environ.get("GVC_BOOK_TIER") or "auto"
    if default not in ("auto", "sample"):
        raise DataError(f"GVC_BOOK_TIER is {default!r}; set it to auto or sample, or unset it.")
    if ds.embedded:
        return "embedded"
    if tier == "auto":
        tier = default
    if tier != "sample":
        if ds.reader and _store.available(ds):
            return "original"
        if path := _store.damaged(ds):
            raise DataError(
                f"{path} is incomplete ({path.stat().st_size} bytes): delete it and {ds.way_out}."
            )
        if path := _store.mistaken(ds):
            raise DataError(f"{path} is not {ds.title}: move it elsewhere, and {ds.way_out}.")
    return "sample" if ds.sample and tier != "original" else "absent"


def _call(dotted: str):
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


def load(key: str, *, tier: str = "auto", **which):
    """Load a dataset as its canonical object.

    Parameters
    ----------
    key : str
        A key of the catalogue, such as ``"geodist"``.
    tier : {"auto", "original", "sample"}
        ``auto`` takes the original if it is here and the sample otherwise; GVC_BOOK_TIER=sample
        changes that default. Embedded datasets are always themselves.
    **which
        Passed to the reader (or the sample's maker), for example ``year=2000``.

    Raises
    ------
    DataError
        If there is neither an original nor a sample, or a file is corrupt or not as documented.
    """
    ds = dataset(key)
    chosen = _tier(ds, tier)
    LOADED.append(key)
    if chosen == "sample":
        needs = {name: load(name) for name in ds.sample_needs}
        return _call(ds.sample)(**needs, **which)
    if chosen == "absent":
        if ds.planned:
            raise DataError(f"{ds.title} ({key!r}) is announced but has no reader yet.")
        raise DataError(f"{ds.title} ({key!r}) is not here: {ds.way_out}.")
    return _call(ds.reader)(_store.Files(ds), **which)


def provenance(key: str) -> Provenance:
    """Return what :func:`load` would use for `key`, without reading it."""
    ds = dataset(key)
    try:
        tier = _tier(ds)
        note = {"sample": ds.stand_in, "absent": ds.way_out}.get(tier, ds.copy)
    except DataError as error:
        tier, note = "absent", str(error)
    real = tier in ("original", "embedded")
    return Provenance(
        key=key,
        title=ds.title,
        tier=tier,
        version=ds.version if real else "",
        sha256=_store.combined_hash(ds) if real else "",
        note=note,
    )


def fetch(keys=None, progress: bool = True) -> list[Path]:
    """Download the originals that are missing; see :func:`lib.data._fetch.fetch`.

    Imported only here: a chapter never downloads, and the progress bar's library warns in kernels.
    """
    from lib.data import _fetch

    return _fetch.fetch(keys, progress=progress)
