"""The rig's wires: (name, GPIO of the Pico, direction, where it goes on the board, through what).

The one definition: the README's table and the simulated cables are checked against it.
"""

OUT, IN = "out", "in"
WIRES = (
    ("COUNT", 2, OUT, "J2.1, J2.2", "2N7000: drain to J2.1 and by 10 kohm to 3V3, source to J2.2"),
    ("COUNT_BACK", 3, IN, "J2.1", "1 kohm, from the drain at the board's end of the lead"),
    ("CELL_DOUT", 4, OUT, "U5.12", "1 kohm, to the pad of the converter, which is not fitted"),
    ("CELL_SCK", 5, IN, "U5.11", "1 kohm, from the same empty place"),
    ("HANDSET", 6, OUT, "J3.1, J3.2", "2N7000: drain to J3.1 and by 10 kohm to 3V3, source to J3.2"),
    ("RELIEF", 7, OUT, "J5.1, J5.2", "2N7000: drain to J5.1, source to J5.2"),
    ("SERVICE", 8, OUT, "SW1.1", "2N7000: drain to SW1.1, source to TP1"),
    ("CUT", 9, OUT, "J1", "relay module in the 5 V lead, its resting contact: high cuts"),
    ("SUPPLY_BACK", 10, IN, "TP2", "10 kohm and 15 kohm to ground: high while 5 V is there"),
    ("LIGHT", 11, IN, "R704.1", "1 kohm: high while the board's light is lit"),
)
GPIO = {wire[0]: wire[1] for wire in WIRES}
CONTACTS = ("HANDSET", "RELIEF", "SERVICE")
INPUTS = tuple(wire[0] for wire in WIRES if wire[2] == IN)
