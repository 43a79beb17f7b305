"""Courses at a bed with garbage readings, at large; a day on the real firmware is in test_accuracy."""

from __future__ import annotations

from helpers.on_board import garbage_courses
from helpers.scale import scaled


def test_courses_with_garbage_are_told_as_those_without() -> None:
    courses = scaled(60, 3000)
    assert sum(garbage_courses.check(seed) for seed in range(1000, 1000 + courses)) > 25 * courses
