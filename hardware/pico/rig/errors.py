"""What the rig cannot do, as one sentence for the host."""


class RigError(Exception):
    pass
