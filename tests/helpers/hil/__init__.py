"""A board on its bench, real or virtual, and the rig beside it."""
