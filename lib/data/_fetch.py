"""Download originals: verified, never half, and every failure one clear sentence."""

import errno
import importlib.util
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import pooch
import requests

from lib.data import _store
from lib.data._catalogue import Dataset, File, catalogue, dataset
from lib.errors import DataError

TRIES = 3
PAUSE = 1.0
TIMEOUT = (10, 30)  # seconds to connect, and between two pieces of an answer


class _Hopeless(DataError):
    """A failure that every other file would meet too."""


def _url(file: File) -> str:
    base = _store.source()
    return f"{base.rstrip('/')}/{quote(file.path)}" if _store.is_url(base) else file.url


def _retrieve(url: str, file: File, progress: bool) -> None:
    """Download to a temporary name beside the final one, check the hash, then rename."""
    target = _store.CACHE / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    bar = progress and importlib.util.find_spec("tqdm") is not None
    pooch.get_logger().setLevel(logging.WARNING)
    answers = []  # pooch leaves the connection of a failed download open
    hooks = {"response": lambda answer, **_: answers.append(answer)}
    try:
        pooch.retrieve(
            url,
            known_hash=f"sha256:{file.sha256}",
            fname=target.name,
            path=target.parent,
            downloader=pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT, hooks=hooks),
        )
    finally:
        for answer in answers:
            answer.close()


def _sentence(error: Exception, ds: Dataset, file: File, url: str) -> DataError:
    """Say what went wrong with one file and what to do about it."""
    page = f"the provider's page is {ds.homepage}"
    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        if status in (404, 410):
            return DataError(
                f"{file.path}: the pinned copy is gone ({status} at {url}); {page}, or point "
                "GVC_BOOK_DATA at a mirror."
            )
        return DataError(f"{file.path}: {url} answered {status}; try again later, or {page}.")
    if isinstance(error, requests.Timeout):
        return _Hopeless(
            f"{file.path}: {url} did not answer within {TIMEOUT[1]:g} seconds; try again later, "
            "or point GVC_BOOK_DATA at a mirror."
        )
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return DataError(
            f"{file.path}: the download from {url} was cut short {TRIES} times; nothing was kept, "
            "run `make data` again."
        )
    if isinstance(error, requests.RequestException):
        return _Hopeless(
            f"{file.path}: no connection to {url}; check the network and run `make data` again, "
            "or point GVC_BOOK_DATA at a mirror folder."
        )
    if isinstance(error, ValueError):
        return DataError(
            f"{file.path}: what {url} sent has not the sha256 of the catalogue "
            f"({file.sha256[:12]}…), so it was thrown away; {page}, or point GVC_BOOK_DATA at a "
            "mirror."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _Hopeless(
            f"{file.path}: the disk of {_store.CACHE} is full ({file.bytes / 1e6:.1f} MB needed); "
            "free some space and run `make data` again."
        )
    if isinstance(error, OSError):
        return _Hopeless(
            f"{file.path}: cannot write into {_store.CACHE} ({error.strerror or error}); make that "
            "folder writable, or point GVC_BOOK_DATA at a folder that holds the file."
        )
    raise error


def _passing(error: Exception) -> bool:
    """Tell whether another try may help."""
    if isinstance(error, requests.HTTPError):
        return error.response.status_code in (429, 500, 502, 503, 504)
    return isinstance(error, requests.RequestException | ValueError)


def _download(ds: Dataset, file: File, progress: bool) -> Path:
    url = _url(file)
    for attempt in range(1, TRIES + 1):
        try:
            _retrieve(url, file, progress)
            return _store.CACHE / file.path
        except (requests.RequestException, ValueError, OSError) as error:
            if attempt == TRIES or not _passing(error):
                raise _sentence(error, ds, file, url) from error
        time.sleep(PAUSE * attempt)
    raise AssertionError("unreachable")


def _wanted(keys: Iterable[str] | None) -> list[Dataset]:
    if keys is None:
        return [ds for ds in catalogue().values() if ds.files and not ds.embedded]
    chosen = [dataset(key) for key in ([keys] if isinstance(keys, str) else keys)]
    for ds in chosen:
        if ds.patterns and not _store.available(ds):
            steps = " ".join(ds.steps)
            raise DataError(f"{ds.title} cannot be downloaded in one step: {ds.way_out}. {steps}")
    return [ds for ds in chosen if ds.files and not ds.embedded]


def fetch(keys: Iterable[str] | None = None, progress: bool = True) -> list[Path]:
    """Download the originals that are missing into ``data/originals``.

    Files that a mirror folder or the cache holds at their right size are left alone. With
    GVC_BOOK_DATA set to a base url, files come from there; otherwise from their pinned urls.

    Parameters
    ----------
    keys : str or iterable of str, optional
        Datasets to fetch; all that can be downloaded if not given.
    progress : bool
        Show a progress bar for each file (if tqdm is installed).

    Returns
    -------
    list of Path
        The files that were downloaded.

    Raises
    ------
    DataError
        One sentence that names the file and the way out. A file that fails does not keep the
        others from being fetched, unless the failure is the network's, the folder's or the disk's.
    """
    done, failed = [], []
    for ds in _wanted(keys):
        for file in ds.files:
            if _store.locate(ds, file):
                continue
            try:
                done.append(_download(ds, file, progress))
            except _Hopeless:
                raise
            except DataError as error:
                failed.append(error)
    if failed:
        more = f" ({len(failed) - 1} more of the files failed too.)" if failed[1:] else ""
        raise DataError(f"{failed[0]}{more}") from failed[0]
    return done
