"""The accuracy report: many windows on the real firmware, judged against what really happened.

In: a scale. Out: criteria, each met or not, tables and plots in a folder, and each window's own line in
windows.jsonl. Nobody imports it: `python -m pumpbench.accuracy` runs it.
"""
