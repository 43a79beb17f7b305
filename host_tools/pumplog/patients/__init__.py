"""The patients: who was on which board, and what the boards told of each.

In: the journal of entries and the logs as read. Out: stays, the entries that stand, those that
contradict each other, and each patient's share of every log.
"""
