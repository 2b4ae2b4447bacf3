"""R data files, read quietly."""

import warnings
from pathlib import Path

import rdata

from lib.errors import DataError


def read_r(path: Path):
    """Return the first object of an ``.rda`` or ``.RData`` file.

    The file's hash has been checked, so its warnings about unknown R attributes tell nothing.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            objects = rdata.read_rda(path)
        except Exception as error:
            raise DataError(
                f"{path} is not a readable R data file ({error}): delete it and get it again."
            ) from error
    return next(iter(objects.values()))
