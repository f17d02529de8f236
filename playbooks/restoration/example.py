"""A synthetic catalogue of a government's services and the crews to bring them back; the same seed, the same bytes.

Shapes, not facts: a few platforms carry databases, these carry registries, and the e-services rest on one to three of
them; the use of the services follows a power law, and what is shared was encrypted and has to be restored.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from playbooks.restoration.model import (
    Catalogue,
    Contamination,
    Crews,
    LegalDate,
    Person,
    Service,
    Shift,
    Step,
    Weekdays,
    Work,
)
from playbooks.texts import Text

SERVICES = 1118
PLATFORMS, DATABASES, REGISTRIES = 8, 21, 42
_ZIPF = 0.7
_BUSIEST = 120_000
_OFFICES = (
    ("Tax administration", "tatimet", "Tatimet"),
    ("Civil registry", "gjendja-civile", "Gjendja civile"),
    ("Cadastre", "kadastra", "Kadastra"),
    ("Social insurance", "sigurimet", "Sigurimet shoqërore"),
    ("Health insurance", "shendeti", "Kujdesi shëndetësor"),
    ("Customs", "doganat", "Doganat"),
    ("Business centre", "biznesi", "Qendra e biznesit"),
    ("Education", "arsimi", "Arsimi"),
    ("Road transport", "transporti", "Transporti rrugor"),
    ("Justice", "drejtesia", "Drejtësia"),
    ("Agriculture", "bujqesia", "Bujqësia"),
    ("Employment", "punesimi", "Punësimi"),
)
_KINDS = (
    ("certificate", "certificate", "vërtetim"),
    ("application", "application", "aplikim"),
    ("payment", "payment", "pagesë"),
    ("appointment", "appointment", "takim"),
    ("return", "return", "deklarim"),
    ("register-view", "extract", "ekstrakt"),
)


class _Maker:
    """Makes services one after the other; `self.chance` is the only source of variety."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 # a synthetic catalogue, no secret
        self.services: list[Service] = []
        self.backup = datetime(2026, 3, 8, 2, 0, tzinfo=UTC)

    def shared(self, kind: str, count: int, names: tuple[str, str], on: list[str], hours: tuple[int, ...]) -> list[str]:
        """Add shared systems that have to be restored, each on one of `on`; return their ids."""
        made: list[str] = []
        for number in range(1, count + 1):
            skill = "platform" if kind.startswith("platform") else "database"
            work: dict[Step, Work] = {
                "restore": Work(skill=skill, minutes=self.chance.choice(hours)),
                "verify": Work(skill="security", minutes=15),
                "go_live": Work(skill=skill, minutes=15),
            }
            depends = (self.chance.choice(on),) if on else tuple(made[:1])
            title = Text(en=f"{names[0]} {number}", sq=f"{names[1]} {number}")
            made.append(f"{kind}-{number:02}")
            self.add(
                identifier=made[-1],
                name=title,
                owner="AKSHI",
                depends=depends,
                work=work,
                users=(0,) * 7,
                criticality=5,
                contamination="contaminated",
            )
        return made

    def add(
        self,
        *,
        identifier: str,
        name: Text,
        owner: str,
        depends: tuple[str, ...],
        work: dict[Step, Work],
        users: Weekdays,
        criticality: int,
        contamination: Contamination,
    ) -> None:
        """Add one service with a health check, a backup point and a fallback."""
        chance = self.chance
        citizen = "restore" not in work
        legal = (LegalDate(day=chance.choice((10, 14, 20)), what="declaration"),) if chance.random() < 0.05 else ()
        self.services.append(
            Service(
                id=identifier,
                name=name,
                owner=owner,
                criticality=criticality,
                users=users,
                work=work,
                depends_on=tuple(sorted(set(depends))),
                legal=legal if citizen else (),
                rto=(72, 48, 24, 12, 8)[criticality - 1] * 60,
                rpo=24 * 60,
                health_command=f"curl -fsS https://{identifier}.gov.example/health",
                health_expected='{"status":"UP"}',
                backup_taken=self.backup - timedelta(hours=24 * chance.randrange(3)),
                backup_place=f"vault/{identifier}",
                contamination=contamination,
                fallback=Text(en="paper form at the counter", sq="formular letre në sportel") if citizen else None,
                place=len(self.services),
                where="example",
            )
        )

    def e_services(self, count: int, platforms: list[str], registries: list[str]) -> None:
        """Add the services that citizens see."""
        chance = self.chance
        uses = [_BUSIEST / (rank**_ZIPF) for rank in range(1, count + 1)]
        chance.shuffle(uses)
        for number, use in enumerate(uses, start=1):
            office, slug, owner = chance.choice(_OFFICES)
            kind, english, albanian = chance.choice(_KINDS)
            depends = [chance.choice(registries)]
            if chance.random() < 0.3:
                depends.append(chance.choice(registries))
            if chance.random() < 0.3:
                depends.append(chance.choice(platforms))
            weekend = chance.choice((0.1, 0.3, 0.9))
            users = (*(round(use * part) for part in (1.1, 1.0, 1.0, 1.0, 0.9)), *(round(use * weekend),) * 2)
            work: dict[Step, Work] = {
                "verify": Work(skill="security", minutes=chance.choice((30, 30, 45, 45, 60, 75))),
                "go_live": Work(skill="application", minutes=chance.choice((15, 15, 30))),
            }
            self.add(
                identifier=f"{slug}-{kind}-{number:04}",
                name=Text(en=f"{office}: {english} {number}", sq=f"{owner}: {albanian} {number}"),
                owner=office,
                depends=tuple(depends),
                work=work,
                users=users,
                criticality=chance.choice((1, 2, 2, 3, 3, 3, 4)),
                contamination=chance.choice(("suspected", "unknown", "unknown")),
            )


def example_catalogue(seed: int = 1, services: int = SERVICES) -> Catalogue:
    """Return the synthetic catalogue; `services` is their number in all (at least 100)."""
    maker = _Maker(seed)
    root = maker.shared("platform", 1, ("Virtualisation and identity", "Virtualizimi dhe identiteti"), [], (45,))
    platforms = maker.shared("platform-app", PLATFORMS - 1, ("Platform", "Platforma"), root, (30, 45))
    databases = maker.shared("database", DATABASES, ("Database", "Baza e të dhënave"), platforms, (30, 45))
    registries = maker.shared("registry", REGISTRIES, ("Registry", "Regjistri"), databases, (15, 30))
    maker.e_services(services - PLATFORMS - DATABASES - REGISTRIES, platforms, registries)
    return Catalogue(services=tuple(maker.services))


def example_crews(*, around_the_clock: bool = False) -> Crews:
    """Return 32 people in two crews of twelve-hour shifts; `around_the_clock` gives 32 seats that are never empty."""
    shifts = {
        "day": Shift(name="day", start=7 * 60, end=19 * 60),
        "night": Shift(name="night", start=19 * 60, end=7 * 60),
        "always": Shift(name="always", start=0, end=1440),
    }
    team = ["platform"] * 4 + ["database"] * 8 + ["security"] * 12 + ["application"] * 8
    people: list[Person] = []
    for number, skill in enumerate(team):
        day = number % 2 == 0
        people.append(
            Person(
                id=f"{skill}-{number + 1:02}",
                name=f"{skill} {number + 1}",
                crew="A" if day else "B",
                skills=frozenset((skill, "database")) if skill == "platform" else frozenset((skill,)),
                shifts=("always",) if around_the_clock else ("day" if day else "night",),
            )
        )
    rest = 0 if around_the_clock else 11 * 60
    return Crews(people=tuple(people), shifts=shifts, rest=rest, timezone="Europe/Tirane")
