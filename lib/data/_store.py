"""Where original files lie on this machine, and whether they are whole."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from lib.data._catalogue import Dataset, File
from lib.errors import DataError
from lib.paths import DATA

EMBEDDED = DATA / "embedded"
CACHE = DATA / "originals"


def source() -> str:
    """Return GVC_BOOK_DATA: a mirror folder, a base url, or nothing."""
    return os.environ.get("GVC_BOOK_DATA", "").strip()


def is_url(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def mirror() -> Path | None:
    """Return the mirror folder, if GVC_BOOK_DATA names one.

    Raises
    ------
    DataError
        If it names a folder that does not exist: falling back would hide a typing mistake.
    """
    place = source()
    if not place or is_url(place):
        return None
    folder = Path(place).expanduser()
    if not folder.is_dir():
        raise DataError(
            f"GVC_BOOK_DATA names the folder {place}, which does not exist; correct it or unset it."
        )
    return folder


def folders(ds: Dataset) -> list[Path]:
    """Return the folders to look in, the first that holds a whole file wins."""
    if ds.embedded:
        return [EMBEDDED]
    return [folder for folder in (mirror(), CACHE) if folder]


def whole(path: Path, file: File) -> bool:
    return path.is_file() and path.stat().st_size == file.bytes


def locate(ds: Dataset, file: File) -> Path | None:
    """Return where a whole copy of a pinned file lies (right size), or None."""
    candidates = (folder / file.path for folder in folders(ds))
    return next((path for path in candidates if whole(path, file)), None)


def supplied(ds: Dataset, companions: bool = False) -> list[Path]:
    """Return files that a user put by hand into a data folder or one of its subfolders."""
    found: dict[str, Path] = {}
    for folder in folders(ds):
        for pattern in (*ds.patterns, *(ds.companions if companions else ())):
            for path in sorted([*folder.glob(pattern), *folder.glob(f"*/{pattern}")]):
                found.setdefault(path.name, path)
    return list(found.values())


def available(ds: Dataset) -> bool:
    """Tell whether every original file of a dataset is here with the right size."""
    if ds.patterns:
        return bool(supplied(ds))
    return bool(ds.files) and all(locate(ds, file) for file in ds.files)


def damaged(ds: Dataset) -> Path | None:
    """Return a pinned file that is here only with a wrong size, or None."""
    for file in ds.files:
        if not locate(ds, file):
            copies = (folder / file.path for folder in folders(ds))
            if found := next((path for path in copies if path.is_file()), None):
                return found
    return None


LARGE = 1 << 26
"""Bytes from which a user's file is hashed once, not once in each process."""


def mistaken(ds: Dataset) -> Path | None:
    """Return a file that somebody may have taken for an original that is absent, or None."""
    places = [folder for folder in folders(ds) if ds.mistaken]
    named = [glob for pattern in ds.mistaken for glob in (pattern, f"*/{pattern}")]
    return next((path for folder in places for glob in named for path in folder.glob(glob)), None)


@lru_cache(maxsize=4096)
def _digest(path: Path, size: int, mtime_ns: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def remembered(path: Path) -> str:
    """Return the sha256 of a user's file; of a large one it is kept beside the originals.

    Kept under a name made of path, size and time of change, so that a changed file is hashed anew.
    Pinned files never take this way: their hash is checked against the catalogue in each process.
    """
    stat = path.stat()
    if stat.st_size < LARGE:
        return digest(path)
    about = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    note = CACHE / "hashes" / hashlib.sha256(about.encode()).hexdigest()[:16]
    if note.is_file() and len(kept := note.read_text()) == 64:
        return kept
    found = digest(path)
    with suppress(OSError):  # a folder that may not be written only costs the time again
        note.parent.mkdir(parents=True, exist_ok=True)
        partial = note.with_suffix(f".{os.getpid()}")
        partial.write_text(found)
        os.replace(partial, note)
    return found


def digest(path: Path) -> str:
    """Return a file's sha256, computed once per content of the file in a process."""
    stat = path.stat()
    return _digest(path, stat.st_size, stat.st_mtime_ns)


def combined_hash(ds: Dataset) -> str:
    """Return 12 hex digits of the hash over the hashes of a dataset's files, in order of name.

    For one file these are the first digits of its own sha256.
    """
    if ds.patterns:
        paths = sorted(supplied(ds, True), key=lambda path: path.name)
        hashes = [remembered(path) for path in paths]
    else:
        hashes = [file.sha256 for file in sorted(ds.files, key=lambda file: file.path)]
    if len(hashes) == 1:
        return hashes[0][:12]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:12]


class Files(Mapping):
    """The files of a dataset by name; taking a pinned one checks its sha256 first."""

    def __init__(self, ds: Dataset):
        self.dataset = ds
        self._pinned = {file.name: file for file in ds.files}
        self._supplied = {path.name: path for path in supplied(ds, companions=True)}

    def __getitem__(self, name: str) -> Path:
        if name in self._supplied:
            return self._supplied[name]
        file = self._pinned[name]
        path = locate(self.dataset, file)
        if path is None:
            raise DataError(f"{file.path} is missing; {self.dataset.way_out}.")
        if digest(path) != file.sha256:
            raise DataError(
                f"{path} is corrupt (its sha256 is {digest(path)[:12]}…, not "
                f"{file.sha256[:12]}…): delete it and {self.dataset.way_out}."
            )
        return path

    def __iter__(self) -> Iterator[str]:
        return iter([*self._pinned, *self._supplied])

    def __len__(self) -> int:
        return len(self._pinned) + len(self._supplied)

    @property
    def only(self) -> Path:
        """The path of a dataset's single file."""
        (name,) = self
        return self[name]
