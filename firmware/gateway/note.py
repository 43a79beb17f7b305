"""Writes a record of plain ints; allocates nothing."""


def note(log, kind, a=0, b=0, c=0, d=0, e=0, f=0, g=0, h=0):
    """Appends a record of `kind` with its fields in order; returns its seq, -1 if flash refuses."""
    values = log.values
    values[0] = a
    values[1] = b
    values[2] = c
    values[3] = d
    values[4] = e
    values[5] = f
    values[6] = g
    values[7] = h
    return log.append(kind)
