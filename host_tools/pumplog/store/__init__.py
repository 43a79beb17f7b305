"""The store: what this computer keeps for good.

In: pages as boards sent them, entries as people made them, keys, pulls and how they ended. Out: the
same, unchanged, and the records that the pages decode to. Nothing that is computed from them is kept
as fact.
"""
