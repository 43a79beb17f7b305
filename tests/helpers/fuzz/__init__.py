"""What fuzzers and seeded mutations run, and what they begin from."""
