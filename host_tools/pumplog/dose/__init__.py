"""The dose: volumes times what the bag held, with bounds and coverage.

In: a patient's share of the logs and the bags entered. Out: millilitres and milligrams of a window, each
with the bounds that hold, what was observed, and what is unknown.
"""
