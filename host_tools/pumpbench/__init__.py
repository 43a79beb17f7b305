"""The virtual bedside: a pump, a patient, a bag and sensors for the real firmware to watch.

Rooms, each importing only those below it: cli | accuracy | runs | board, nurse | bedside | faults |
cohort, air | errors. pumplog knows nothing of them.
"""
