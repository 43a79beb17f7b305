"""What must hold for the netlist: every check returns sentences, none when all is well."""
