"""The reference day's events as a plain logger would write them: a dict of words and floats for each."""

from pumpwire import records

DEVICE = "pump-07"
T0_S = 1700000000  # seconds since 1970
_UL_PER_COUNT = 1  # of the days' pump


def verbose(event):
    """Returns the dict of an event, its time to the second."""
    ticks, kind, values = event
    found = {"timestamp": T0_S + ticks // 10, "type": records.name_of(kind), "device": DEVICE}
    if kind == records.MINUTE:
        found["volume_ml"] = values[1] * _UL_PER_COUNT / 1000
        found["rate_ml_per_h"] = values[1] * _UL_PER_COUNT * 60 / 1000
        found["flags"] = values[2]
    elif kind == records.RESERVOIR:
        found["remaining_ml"] = values[0] / 1000
    else:
        found["volume_ml"] = values[2] * _UL_PER_COUNT / 1000 if kind == records.BOLUS else 0.0
        found["refused"] = kind == records.DEMAND
    return found


def terse(event):
    """Returns the dict of an event with nothing but ints: its fields as they are."""
    ticks, kind, values = event
    found = {"ticks": ticks, "kind": kind}
    for (name, _), value in zip(records.fields_of(kind), values):
        found[name] = value
    return found
