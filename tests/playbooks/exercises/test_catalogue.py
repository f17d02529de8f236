"""Every exercise and storyboard can be read, in both languages."""

from __future__ import annotations

import pytest

from engine.errors import NotFoundError
from playbooks.exercises.catalogue import exercises, find_exercise
from playbooks.exercises.storyboard import load_storyboard


def test_every_exercise_has_a_storyboard_and_both_languages() -> None:
    for exercise in exercises():
        assert load_storyboard(exercise.storyboard)
        assert exercise.title.keys() == exercise.description.keys() == {"en", "sq"}
        assert find_exercise(exercise.id.upper()) is exercise


def test_unknown_names_are_told_with_those_there_are() -> None:
    with pytest.raises(NotFoundError) as told:
        find_exercise("nothing")
    assert "homeland-justice" in (told.value.hint or "")
    with pytest.raises(NotFoundError):
        load_storyboard("../estate")


def test_techniques_are_those_of_version_18() -> None:
    by_number = {event.number: event for event in load_storyboard("homeland_justice")}
    assert by_number[17].techniques == ("T1562.001",)
    assert by_number[7].techniques == ("T1087.003", "T1059.001")
    assert by_number[27].is_inject
