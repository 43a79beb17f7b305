"""The study: the cohort's figures, their statistics and their table.

In: doses of every patient in every window. Out: the pump-data table, and what each of its figures
rests on.
"""
