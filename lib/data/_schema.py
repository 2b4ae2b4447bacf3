"""Schemas: a wrong column, code or unit is refused in one sentence."""

import pandas as pd
import pandera.pandas as pa

from lib.errors import DataError


def code(letters_only=True, **options) -> pa.Column:
    """Return a column of country codes of three capital letters (or digits, if allowed)."""
    pattern = r"^[A-Z]{3}$" if letters_only else r"^[A-Z][A-Z0-9]{2}$"
    what = "letters" if letters_only else "letters or digits"
    check = pa.Check.str_matches(pattern, error=f"a code of three capital {what}")
    return pa.Column(str, check, **options)


def number(low=None, high=None, unit="", **options) -> pa.Column:
    """Return a column of numbers between two bounds that give a wrong unit away."""
    check = pa.Check.in_range(
        -float("inf") if low is None else low,
        float("inf") if high is None else high,
        error=f"a number from {low} to {high} {unit}".rstrip(),
    )
    return pa.Column(float, check, coerce=True, **options)


def dummy() -> pa.Column:
    return pa.Column(int, pa.Check.isin([0, 1], error="0 or 1"), coerce=True)


def checked(frame: pd.DataFrame, columns: dict[str, pa.Column], file) -> pd.DataFrame:
    """Return `frame` if it has the documented `columns`, coerced; refuse it otherwise.

    Raises
    ------
    DataError
        Naming the file, the column and an example value.
    """
    if missing := [name for name in columns if name not in frame]:
        raise DataError(
            f"{file} lacks the column {missing[0]!r} (it has {', '.join(map(str, frame.columns))});"
            " replace it with the documented file."
        )
    try:
        return pa.DataFrameSchema(columns).validate(frame)
    except pa.errors.SchemaError as error:
        column = error.schema.name
        cases = getattr(error, "failure_cases", None)
        example = cases["failure_case"].tolist()[0] if isinstance(cases, pd.DataFrame) else cases
        wanted = getattr(error.check, "error", None) or str(error.check)
        raise DataError(
            f"{file}, column {column!r}: {example!r} is not {wanted}; "
            "replace it with the documented file."
        ) from error
