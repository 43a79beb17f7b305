"""The runs: whole cohorts, windows and samples of patients, from bedside to flash image.

In: a plan. Out: flash images, the nurse's store and the truth, in a folder.
"""
