"""The log: one board's records read once, and placed in time.

In: the stored records of one log. Out: runs of minutes, boluses, presses, bag changes and
possibilities in UTC, each with its uncertainty, and a record in words.
"""
