"""The release: what the product itself is made of.

In: the lock file. Out: the bill of materials.
"""
