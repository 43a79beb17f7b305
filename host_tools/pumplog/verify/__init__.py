"""The verification: is a stored log whole, and as its board wrote it?

In: the pages, keys and attestations of one log. Out: what was found, what it weighs, and what to do.
"""
