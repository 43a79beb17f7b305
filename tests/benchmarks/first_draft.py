"""The plain tick as a first draft has it: the window summed anew, the weight filtered, each tick.

So the study of the loop's cost wrote its dict, float and JSON tick, before there was a firmware: a
sample in a dict, a window of 60 entries summed by a list comprehension, a filter over the raw weight.
Its window was 6 s of ticks; here it is the hour that the work asks for, an entry a minute, still 60:
an entry a tick or a second would only be dearer. All else is PlainWatcher's.
"""

from benchmarks.plain_tick import RAW_PER_G, PlainWatcher

WINDOW_ENTRIES = 60


class FirstDraft(PlainWatcher):
    """A PlainWatcher (which see) that keeps no sums.

    Its functions are short because fuel.py's heap is never collected: a long one has its frame there,
    freed at each return, from where on the whole heap is searched again, dearer with every tick.
    """

    def __init__(self, board, write):
        super().__init__(board, write)
        self.ports["raw"] = self.ports["weight"]
        self.ports["weight"] = _no_weight  # a PlainWatcher's ten readings, which the filter replaces
        self.state["filtered_g"] = None
        self.state["seconds"] = 0
        # Full from the start, as after an hour, so that a run need not wait for it.
        self.window = [(60.0 * k, 0.0) for k in range(1 - WINDOW_ENTRIES, 1)]

    def tick(self, now_ms):
        state = self.state
        sample = {"t": now_ms / 1000, "counts": self.ports["counter"](), "ul": 0.0,
                  "presses": self.ports["handset"](), "raw": self.ports["raw"]()}
        state["t"] = sample["t"]
        self.count(sample)
        self.press(sample)
        self.watch_bolus(sample)
        self.estimate_rate(sample)
        self.filter_weight(sample)
        if sample["t"] >= state["next_second"]:
            state["next_second"] += 1.0
            self.second(sample)
            self.ten_seconds()
        if sample["t"] >= state["next_minute"]:
            state["next_minute"] += 60.0
            self.minute()
            self.window.append((sample["t"], 0.0))

    def estimate_rate(self, sample):
        state = self.state
        window = self.window
        if sample["ul"] > 0 and self.bolus is None:
            window[-1] = (window[-1][0], window[-1][1] + sample["ul"])
        while len(window) > WINDOW_ENTRIES:
            window.pop(0)
        span_s = sample["t"] - window[0][0]
        if span_s > 0:
            state["window_ul"] = sum([entry[1] for entry in window])
            state["rate_ml_h"] = state["window_ul"] / span_s * 3.6

    def filter_weight(self, sample):
        state = self.state
        g = sample["raw"] / RAW_PER_G
        if state["filtered_g"] is None:
            state["filtered_g"] = g
        else:
            state["filtered_g"] = state["filtered_g"] * 0.9 + g * 0.1

    def ten_seconds(self):
        state = self.state
        state["seconds"] += 1
        if state["seconds"] >= 10:
            state["seconds"] = 0
            self.weigh(state["filtered_g"])
            self.snapshot()


def _no_weight():
    pass
