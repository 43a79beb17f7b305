"""Pictures made from the sources: the sheets of the schematic and the harness."""
