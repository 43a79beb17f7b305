"""The firmware's version."""

FIRMWARE = 100  # 0.1.0 as 10000 * major + 100 * minor + patch
