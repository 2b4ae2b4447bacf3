"""Yearly files that lie loose or inside a provider's zip."""

import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lib.errors import DataError


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{path} is not a whole zip file ({error}); download it again.") from error


def find(files: Mapping[str, Path], wanted: str) -> dict[str, tuple[Path, str | None]]:
    """Return, by name, where the files lie whose whole name matches: (file, member of a zip).

    A loose file goes before one of the same name in a zip.
    """
    places: dict[str, tuple[Path, str | None]] = {}
    for name in sorted(files, key=lambda name: name.lower().endswith(".zip")):
        members = {name: None}
        if name.lower().endswith(".zip"):
            with _archive(files[name]) as archive:
                members = {member.rpartition("/")[2]: member for member in archive.namelist()}
        for short, member in members.items():
            if re.fullmatch(wanted, short, re.IGNORECASE):
                places.setdefault(short, (files[name], member))
    return places


@contextmanager
def unpacked(place: tuple[Path, str | None]) -> Iterator[Path]:
    """Give the path of a file, taken out of its zip for as long as the block lasts."""
    path, member = place
    if member is None:
        yield path
        return
    with _archive(path) as archive, tempfile.TemporaryDirectory() as folder:
        yield Path(archive.extract(member, folder))
