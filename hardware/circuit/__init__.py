"""The schematic as code, one sheet a file; `board.draw` joins them into one circuit."""
