"""Garbage readings of the load cell change nothing, whatever really happens around them."""

from __future__ import annotations

from helpers.on_board import garbage_courses


def test_courses_with_garbage_are_told_as_those_without() -> None:
    assert sum(garbage_courses.check(seed) for seed in range(12)) > 300
