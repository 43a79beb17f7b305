"""One chip or part a file; pins, buses and counter units are passed in. No file imports another but
press_latch, which is a pulse counter with a level."""
