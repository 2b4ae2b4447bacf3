"""Errors that a reader can act on."""


class BookError(Exception):
    """A mistake or a missing input that the user can mend.

    The message is one sentence: what is wrong, where, and what to do. Commands print it without a
    traceback and exit with status 1.
    """


class Refused(BookError):
    """A chapter refuses this combination of parameters, each of which is valid; others may do."""


class DataError(BookError):
    """A data file is absent, incomplete, corrupt or not of the documented form."""
