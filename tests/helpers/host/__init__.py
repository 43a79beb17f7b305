"""Stores and links in this process: made-up records, logs, clocks, and a board without a radio."""
