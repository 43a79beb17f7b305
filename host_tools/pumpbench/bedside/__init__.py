"""The bedside: pump, patient, bag, load cell and room, as physics and chance have them.

In: a cohort, faults and a seed. Out: the wires that a board sees, tick by tick, and the truth that only
tests may read.
"""
