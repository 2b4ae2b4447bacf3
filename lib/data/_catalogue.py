"""The catalogue of datasets: what each is, where it comes from, who reads it."""

import difflib
import tomllib
from dataclasses import dataclass, fields
from functools import cache

from lib.errors import DataError
from lib.paths import DATA

CATALOGUE = DATA / "catalogue.toml"


@dataclass(frozen=True)
class File:
    """One pinned file: where it lies under a data folder, its source, its size and hash."""

    path: str
    bytes: int
    sha256: str
    url: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Dataset:
    """One entry of ``data/catalogue.toml``.

    Attributes
    ----------
    key, short, title, provider, citation, licence, version, homepage
        What it is and whose; `short` is its name in a source line, `homepage` the provider's page.
    copy : str
        The public repository that the pinned copy comes from, which is not the provider.
    files : tuple of File
        Pinned files, downloaded by :func:`lib.data.fetch` (or shipped, if `embedded`).
    embedded : bool
        The files are small originals shipped with the book under ``data/embedded``.
    patterns, companions, page, steps, size
        For originals that no program can fetch in one step: the names of the files to put into
        ``data/originals``, of small files that belong beside them, the page to get them from,
        how, and how large they are.
    mistaken : tuple of str
        Names of files that are easily taken for the original, such as another edition of it. One
        that lies there instead is refused, so that nobody takes the sample for their data.
    planned : bool
        Announced, but without a reader.
    reader : str
        Dotted name ``module:function``; called as ``function(files, **which)``.
    chapters : tuple of str
        Chapters that use it.
    stand_in, sample, sample_needs
        What replaces it when absent: in words, the dotted name of the maker, and the embedded
        datasets that the maker takes as keyword arguments.
    """

    key: str
    short: str
    title: str
    provider: str
    citation: str
    licence: str
    version: str
    homepage: str
    copy: str = ""
    files: tuple[File, ...] = ()
    embedded: bool = False
    patterns: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    mistaken: tuple[str, ...] = ()
    page: str = ""
    steps: tuple[str, ...] = ()
    size: str = ""
    planned: bool = False
    reader: str = ""
    chapters: tuple[str, ...] = ()
    stand_in: str = ""
    sample: str = ""
    sample_needs: tuple[str, ...] = ()

    @property
    def way_out(self) -> str:
        """What to do when the original is absent, as the end of a sentence."""
        if self.patterns:
            names = " or ".join(self.patterns)
            return f"get {names} ({self.size}) from {self.page} and put it into data/originals"
        if self.embedded:
            return f"restore it with `git checkout data/embedded` (key {self.key!r})"
        return (
            f"run `make data` to fetch it, or point GVC_BOOK_DATA at a mirror (key {self.key!r}; "
            f"the provider's page is {self.homepage})"
        )


_TUPLES = {f.name for f in fields(Dataset) if str(f.type).startswith("tuple")} - {"files"}


def _entry(key: str, entry: dict) -> Dataset:
    lists = {name: tuple(entry[name]) for name in _TUPLES & entry.keys()}
    files = tuple(File(**file) for file in entry.get("files", ()))
    return Dataset(key=key, **{**entry, **lists, "files": files})


@cache
def _read(path) -> dict[str, Dataset]:
    with open(path, "rb") as stream:
        return {key: _entry(key, entry) for key, entry in tomllib.load(stream).items()}


def catalogue() -> dict[str, Dataset]:
    """Return every dataset of ``data/catalogue.toml`` by key."""
    return dict(_read(CATALOGUE))


def dataset(key: str) -> Dataset:
    """Return one entry; an unknown key is refused with the nearest valid ones."""
    known = catalogue()
    if key in known:
        return known[key]
    near = difflib.get_close_matches(str(key), known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}" if near else f"known: {', '.join(known)}"
    raise DataError(f"The catalogue has no dataset {key!r}; {hint}.")
