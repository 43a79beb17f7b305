"""The rig's protocol: a line of JSON in, a line of JSON out. See ../README.md.

    {"id": 7, "do": "counts", "n": 250, "high_us": 200, "low_us": 300}
    {"id": 7, "ok": true, "running": true, ...}
    {"id": 8, "ok": false, "error": "n must be a whole number from 1 to 1000000"}
"""

import json

from . import contact, count_generator, wires
from .cell import HIGHEST, LOWEST
from .errors import RigError

PROTOCOL = 1
VERSION = "1.0.0"
LONGEST_LINE = 1024
LONGEST_CUT_MS = 600000


def answer(rig, line):
    """Returns the answer to a line, both as text without the line's end."""
    number = None
    try:
        try:
            request = json.loads(line)
        except ValueError:
            raise RigError("that was no line of JSON")
        if not isinstance(request, dict):
            raise RigError("a line must be an object such as {\"id\": 1, \"do\": \"hello\"}")
        number = request.pop("id", None)
        name = request.pop("do", None)
        if name not in COMMANDS:
            raise RigError("do must be one of: " + ", ".join(sorted(COMMANDS)))
        done, fields = COMMANDS[name]
        given = {}
        for key, check in fields.items():
            given[key] = check(key, request.pop(key, None))
        if request:
            raise RigError("%s does not know: %s" % (name, ", ".join(sorted(request))))
        found = done(rig, **given)
        found.update(id=number, ok=True)
    except RigError as error:
        found = {"id": number, "ok": False, "error": str(error)}
    return json.dumps(found)


def _number(lowest, highest, default=None):
    def check(key, value):
        if value is None:
            value = default
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise RigError("%s must be a whole number from %d to %d" % (key, lowest, highest))
        return value

    return check


def _truth(key, value):
    if not isinstance(value, bool):
        raise RigError("%s must be true or false" % key)
    return value


def _contact(key, value):
    if value not in wires.CONTACTS:
        raise RigError("%s must be one of: %s" % (key, ", ".join(wires.CONTACTS)))
    return value


_bounce_us = _number(contact.LOWEST_US, 100000)


def _bounces(key, value):
    if value is None:
        return []
    if not isinstance(value, list):
        raise RigError("%s must be a list of microseconds" % key)
    return [_bounce_us(key, us) for us in value]


_COUNT_US = _number(count_generator.LOWEST_US, count_generator.HIGHEST_US)

# name: (what does it, {field: its check})
COMMANDS = {
    "hello": (lambda rig: {"rig": "pumplog rig", "protocol": PROTOCOL, "version": VERSION}, {}),
    "counts": (lambda rig, **train: rig.begin_counts(**train), {
        "n": _number(1, count_generator.HIGHEST_N), "high_us": _COUNT_US, "low_us": _COUNT_US}),
    "counts_state": (lambda rig: rig.generator.state(), {}),
    "stop": (lambda rig: rig.stop_counts(), {}),
    "press": (lambda rig, **press: rig.press(**press), {
        "contact": _contact, "held_us": _number(contact.LOWEST_US, contact.HIGHEST_US),
        "bounces_us": _bounces, "opening_bounces_us": _bounces}),
    "hold": (lambda rig, contact, closed: rig.hold(contact, closed), {
        "contact": _contact, "closed": _truth}),
    "contact_state": (lambda rig, contact: rig.contacts[contact].state(), {"contact": _contact}),
    "weigh": (lambda rig, **values: rig.weigh(**values), {
        "raw": _number(LOWEST, HIGHEST), "raw_b": _number(LOWEST, HIGHEST, 0)}),
    "cell": (lambda rig, fitted: rig.fit_cell(fitted), {"fitted": _truth}),
    "cell_state": (lambda rig: rig.cell.state(), {}),
    "cut": (lambda rig, for_ms: rig.cut(for_ms), {"for_ms": _number(0, LONGEST_CUT_MS, 0)}),
    "power": (lambda rig: rig.power(), {}),
    "supply_state": (lambda rig: rig.supply_state(), {}),
    "read": (lambda rig: rig.read(), {}),
    "rest": (lambda rig: rig.rest(), {}),
}
