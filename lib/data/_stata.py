"""Stata files, read with one sentence for what is none."""

import struct
from pathlib import Path

import pandas as pd

from lib.errors import DataError


def read_stata(path: Path) -> pd.DataFrame:
    """Return the frame of a ``.dta`` file."""
    try:
        return pd.read_stata(path, convert_categoricals=False)
    except (ValueError, EOFError, struct.error) as error:
        raise DataError(
            f"{path} is not a readable Stata file ({error}): delete it and get it again."
        ) from error
