"""The one error of the bench: a sentence that says what, where, and what to do."""


class BenchError(Exception):
    """Something the bench was given cannot be used; `str()` is one sentence for the user."""
