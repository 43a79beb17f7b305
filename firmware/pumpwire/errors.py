"""The one error of the formats."""


class WireError(ValueError):
    """Bytes that do not follow the format.

    `what` says which rule was broken, `offset` where (bytes from the start of the input).
    """

    def __init__(self, what, offset=0):
        super().__init__("%s at byte %d" % (what, offset))
        self.what = what
        self.offset = offset
