"""The exercises there are: what each is called and what it trains, in English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise. `id` is what `kulla exercise run` takes; `storyboard` the file in `storyboards/` without ending."""

    id: str
    storyboard: str
    title: dict[str, str]
    description: dict[str, str]


_ALL = (
    Exercise(
        id="homeland-justice",
        storyboard="homeland_justice",
        title={
            "en": "HomeLand Justice: from a web shell to a wiper",
            "sq": "HomeLand Justice: nga një web shell te fshirja e disqeve",
        },
        description={
            "en": (
                "A working day at a ministry, and in it the attack on the government of Albania of 2021 and "
                "2022: in through SharePoint, mail stolen from Exchange, back through the VPN, then encryption "
                "and wiping of the servers behind the e-services, and a second wave at the border police the next day."
            ),
            "sq": (
                "Një ditë pune në një ministri dhe, brenda saj, sulmi ndaj qeverisë së Shqipërisë i viteve 2021 dhe "
                "2022: hyrja përmes SharePoint, vjedhja e postës nga Exchange, rikthimi përmes VPN-së, pastaj kriptimi "
                "dhe fshirja e serverëve të shërbimeve elektronike, dhe një valë e dytë te policia kufitare më pas."
            ),
        },
    ),
)


def exercises() -> tuple[Exercise, ...]:
    """Return every exercise, by id."""
    return tuple(sorted(_ALL, key=lambda exercise: exercise.id))


def find_exercise(name: str) -> Exercise:
    """Return the exercise called `name`; raise `NotFoundError` with the names there are."""
    for exercise in _ALL:
        if exercise.id == name.lower():
            return exercise
    known = ", ".join(exercise.id for exercise in exercises())
    raise NotFoundError(f"no exercise is called {name}", hint=f"one of: {known}; `kulla exercise list`")
