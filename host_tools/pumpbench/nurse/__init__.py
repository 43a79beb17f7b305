"""The nurse: who enters bags and prescriptions, with the host tool that nurses use.

In: a patient's window. Out: entries in the store and on the board.
"""
