"""The gateway: pure logic from samples to records to links; no hardware, no clock of its own."""
