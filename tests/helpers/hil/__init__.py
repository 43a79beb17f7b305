"""A board on a desk, real or virtual, and the rig beside it."""
