"""The sync: copies what is new on a board into the store, and gives it the entries that wait.

In: a link to a board and a store. Out: what the pull brought, and what still waits; a broken pull leaves
what came, and the next pull goes on from there.
"""
