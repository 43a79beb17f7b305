"""pumpwire: the formats that board and host share. Ints and bytes only; the one definition of each."""
