"""The one error of pumpbench."""


class BenchError(Exception):
    """Something that pumpbench was given cannot be used; `str()` is one sentence for the user.

    what: what happened, and where; do: what to do about it. Neither ends in a period.
    """

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what, do)
        self.what, self.do = what, do

    def __str__(self) -> str:
        return f"{self.what}: {self.do}."
