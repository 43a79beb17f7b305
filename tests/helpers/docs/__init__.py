"""Makes and reads the documents that are made of code, or that code must agree with."""
