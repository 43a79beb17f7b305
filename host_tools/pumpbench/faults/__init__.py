"""The faults: one table of what can go wrong, and how a file asks for it.

In: a TOML file. Out: faults for the bedside and the board, and the page that documents them.
"""
