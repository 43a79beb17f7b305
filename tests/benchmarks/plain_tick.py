"""The same watching written plainly: dicts, floats and JSON. For comparison only.

It reads the same ports and does the same work: the rate over an hour with its bounds, boluses given
and denied, the pump's stops, the bag by counts and weight, a knock left out, counts held against
weight, a record a minute with a check, read back from flash, and a snapshot for a reset. It is
thrifty where plain code easily is: sums are kept, not computed anew, slow things come once a second.
"""

import binascii
import json

UL_PER_COUNT = 1.0
G_PER_ML = 1.0046
RAW_PER_G = 420.0
WINDOW_S = 3600.0
BOLUS_WINDOW_S = 30.0
QUIET_S = 1.0
BOLUS_COUNTS = 5
KNOCK_G = 0.1
SUSPECT_G = 0.6


class PlainWatcher:
    """board: its ports; write(data): a record's bytes to flash, and back."""

    def __init__(self, board, write):
        self.ports = {"counter": board.counter.value, "handset": board.handset.value,
                      "relief": board.relief.value, "closed": board.handset.closed,
                      "weight": board.load_cell.read, "temperature": board.temperature.read,
                      "save": board.retained.save}
        self.write = write
        self.seq = 0
        self.window = []  # of what was counted outside boluses
        self.bolus = None
        self.state = {
            "t": 0.0, "counts": self.ports["counter"](), "presses": self.ports["handset"](),
            "reliefs": self.ports["relief"](), "rate_low_ml_h": 0.0, "rate_high_ml_h": 0.0,
            "total_ul": 0.0, "window_ul": 0.0, "rate_ml_h": 0.0, "minute_ul": 0.0,
            "minute_presses": 0, "next_minute": 60.0, "next_second": 1.0, "weight_g": None,
            "reservoir_ml": None, "last_bolus": None, "running": False, "last_count": 0.0,
            "stuck_since": None, "weights": [], "weighed_ul": 0.0,
            "uncounted_g": 0.0, "suspect_g": 0.0, "saved": 0,
        }

    def record(self, kind, fields):
        self.seq += 1
        fields.update({"seq": self.seq, "kind": kind, "t": self.state["t"]})
        line = json.dumps(fields).encode()
        self.write(b"%s %08x\n" % (line, binascii.crc32(line)))

    def tick(self, now_ms):
        state = self.state
        sample = {"t": now_ms / 1000, "counts": self.ports["counter"](),
                  "presses": self.ports["handset"]()}
        state["t"] = sample["t"]
        self.count(sample)
        self.press(sample)
        self.watch_bolus(sample)
        self.estimate_rate(sample)
        if sample["t"] >= state["next_second"]:
            state["next_second"] += 1.0
            self.second(sample)
        if sample["t"] >= state["next_minute"]:
            state["next_minute"] += 60.0
            self.minute()

    def count(self, sample):
        state = self.state
        counts = sample["counts"] - state["counts"]
        sample["ul"] = counts * UL_PER_COUNT
        state["counts"] = sample["counts"]
        state["total_ul"] += sample["ul"]
        state["minute_ul"] += sample["ul"]
        if state["reservoir_ml"] is not None:
            state["reservoir_ml"] -= sample["ul"] / 1000
        if counts:
            state["last_count"] = sample["t"]
            if not state["running"]:
                state["running"] = True
                self.record("pump", {"running": True})
        elif state["running"] and state["rate_ml_h"] > 0:
            if sample["t"] - state["last_count"] > 60 + 7.2 * UL_PER_COUNT / state["rate_ml_h"]:
                state["running"] = False
                self.record("pump", {"running": False})

    def press(self, sample):
        state = self.state
        pressed = sample["presses"] - state["presses"]
        state["presses"] = sample["presses"]
        if pressed > 0:
            state["minute_presses"] += pressed
            if self.bolus is None:
                self.bolus = {"begin": sample["t"], "last": sample["t"], "counts": 0, "given": False}
            else:
                self.record("demand", {"outcome": "denied", "reason": "lockout"})

    def watch_bolus(self, sample):
        bolus = self.bolus
        if bolus is None:
            return
        if sample["ul"] > 0:
            bolus["counts"] += sample["ul"] / UL_PER_COUNT
            bolus["last"] = sample["t"]
            if not bolus["given"] and bolus["counts"] >= BOLUS_COUNTS:
                bolus["given"] = True
                self.state["last_bolus"] = bolus["begin"]
                self.record("demand", {"outcome": "given"})
        if bolus["given"]:
            if sample["t"] - bolus["last"] > QUIET_S:
                share = self.state["rate_ml_h"] * (bolus["last"] - bolus["begin"]) / 3.6
                self.record("bolus", {"ul": bolus["counts"] * UL_PER_COUNT - share,
                                      "begin": bolus["begin"]})
                self.bolus = None
        elif sample["t"] - bolus["begin"] > BOLUS_WINDOW_S:
            self.record("demand", {"outcome": "denied", "reason": "unknown"})
            self.bolus = None

    def estimate_rate(self, sample):
        state = self.state
        window = self.window
        if sample["ul"] > 0 and self.bolus is None:
            window.append((sample["t"], sample["ul"]))
            state["window_ul"] += sample["ul"]
        while window and sample["t"] - window[0][0] > WINDOW_S:
            state["window_ul"] -= window.pop(0)[1]
        span_s = min(sample["t"], WINDOW_S)
        if span_s > 0:
            state["rate_ml_h"] = state["window_ul"] / span_s * 3.6

    def second(self, sample):
        state = self.state
        raw = self.ports["weight"]()
        if raw is not None:
            state["weights"].append(raw / RAW_PER_G)
            if len(state["weights"]) >= 10:
                self.weigh(sum(state["weights"]) / len(state["weights"]))
                state["weights"] = []
                self.snapshot()
        reliefs = self.ports["relief"]()
        if reliefs != state["reliefs"]:
            state["reliefs"] = reliefs
            self.record("relief", {"since_bolus": state["last_bolus"]})
        if not self.ports["closed"]():
            state["stuck_since"] = None
        elif state["stuck_since"] is None:
            state["stuck_since"] = sample["t"]
        if state["counts"] + state["presses"] != state["saved"]:
            self.snapshot()

    def snapshot(self):
        state = self.state
        state["saved"] = state["counts"] + state["presses"]
        self.ports["save"](json.dumps({
            "t": state["t"], "counts": state["counts"], "presses": state["presses"],
            "minute_ul": state["minute_ul"], "next_minute": state["next_minute"],
        }).encode())

    def weigh(self, g):
        state = self.state
        counted_g = (state["total_ul"] - state["weighed_ul"]) / 1000 * G_PER_ML
        if state["weight_g"] is not None:
            fell_g = state["weight_g"] - g
            if not -KNOCK_G <= fell_g <= counted_g + KNOCK_G:
                return
            state["suspect_g"] = max(0.0, state["suspect_g"] + counted_g * 0.75 - fell_g)
            state["uncounted_g"] = max(0.0, state["uncounted_g"] + fell_g - counted_g * 1.25)
            for name in ("suspect_g", "uncounted_g"):
                if state[name] > SUSPECT_G:
                    self.record("signature", {"name": name, "g": state[name]})
        state["weighed_ul"] = state["total_ul"]
        state["weight_g"] = g
        ml = g / G_PER_ML
        if state["reservoir_ml"] is None:
            state["reservoir_ml"] = ml
        else:
            state["reservoir_ml"] += (ml - state["reservoir_ml"]) / 64

    def minute(self):
        state = self.state
        span_h = min(state["t"], WINDOW_S) / 3600
        state["rate_low_ml_h"] = max(0.0, state["window_ul"] - UL_PER_COUNT) / 1000 / span_h
        state["rate_high_ml_h"] = (state["window_ul"] + UL_PER_COUNT) / 1000 / span_h
        self.record("minute", {
            "ul": state["minute_ul"], "presses": state["minute_presses"],
            "total_ul": state["total_ul"], "rate_ml_h": state["rate_ml_h"],
            "weight_g": state["weight_g"], "reservoir_ml": state["reservoir_ml"],
            "temperature_c": self.ports["temperature"]() / 4,
        })
        state["minute_ul"] = 0.0
        state["minute_presses"] = 0
