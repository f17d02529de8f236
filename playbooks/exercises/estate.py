"""The ministry of the exercise: its people, its machines and their addresses.

Addresses outside are of the documentation ranges (RFC 5737), names are of `.example` (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Literal

DOMAIN = "ministria.gov.example"
NETBIOS = "MINISTRIA"
SID = "S-1-5-21-1104628741-2873914650-3399018824"

Form = Literal["winlogbeat", "nxlog", "forwarded"]

_FIRST = (
    "Agim", "Albana", "Alban", "Altin", "Ana", "Arben", "Ardit", "Arta", "Artan", "Besa", "Besnik", "Blerim",
    "Blerta", "Dritan", "Drita", "Edona", "Elira", "Elton", "Endrit", "Erion", "Ermal", "Fatmir", "Fatos", "Flora",
    "Genc", "Gentian", "Gjergj", "Ilir", "Jeta", "Klodian", "Kreshnik", "Ledia", "Luan", "Majlinda", "Mimoza",
    "Mirela", "Nertila", "Olta", "Petrit", "Rezarta", "Rovena", "Shpresa", "Sokol", "Teuta", "Valbona", "Vjosa",
    "Xhevahir", "Ylli", "Zamira", "Zana",
)  # fmt: skip
_LAST = (
    "Ahmeti", "Basha", "Berisha", "Bushi", "Cani", "Dervishi", "Dibra", "Duka", "Elezi", "Fino", "Gashi", "Gjoka",
    "Hasani", "Hoti", "Hoxha", "Isufi", "Jaku", "Kamberi", "Kola", "Krasniqi", "Lala", "Leka", "Lika", "Marku",
    "Mehmeti", "Murati", "Ndoja", "Osmani", "Pasha", "Prifti", "Qosja", "Rama", "Sala", "Shehu", "Shkreli", "Tafa",
    "Toska", "Troka", "Veliu", "Xhafa", "Zeneli", "Zogu",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who works there. `home` is the address of the line at home, `phone` the ActiveSync device id or ''."""

    login: str
    name: str
    sid: str
    workstation: str
    address: str
    home: str
    phone: str

    @property
    def account(self) -> str:
        """Return the account as Windows writes it, `MINISTRIA\\\\agim.hoxha`."""
        return f"{NETBIOS}\\{self.login}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A Windows machine. `file` is its log, `form` how that is written, `has_sysmon` whether Sysmon runs there."""

    name: str
    address: str
    file: str
    form: Form
    has_sysmon: bool = True
    audits_processes: bool = False

    @property
    def fqdn(self) -> str:
        """Return the full host name."""
        return f"{self.name}.{DOMAIN}"

    @property
    def account(self) -> str:
        """Return the machine's own account."""
        return f"{self.name}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Everyone and everything of the ministry."""

    people: tuple[Person, ...]
    admins: tuple[Person, ...]
    helpdesk: tuple[Person, ...]
    servers: dict[str, Machine]
    workstations: dict[str, Machine]

    @property
    def apps(self) -> tuple[Machine, ...]:
        """Return the forty servers of the e-services."""
        return tuple(self.servers[f"APP{index:02}"] for index in range(1, 41))


SCANNER = "10.20.9.5"  # the ministry's own vulnerability scanner
BACKUP = "10.20.1.60"
MONITOR = "10.20.9.10"
PROXY = "10.20.3.30"
_FIXED = {
    "DC01": "10.20.1.10",
    "FS01": "10.20.1.20",
    "PRT01": "10.20.1.30",
    "WEF": "10.20.1.40",
    "EX01": "10.20.2.10",
    "SP01": "10.20.3.10",
    "TIMS01": "10.30.1.11",
    "TIMS02": "10.30.1.12",
}
_BOTH_AUDITS = frozenset({"SP01", "DC01"})  # 4688 with command lines beside Sysmon
_FLAT_FROM = 31  # APP31..APP40 are looked after by a contractor who ships with NXLog


def found_ministry(rng: Random, *, people: int = 200) -> Estate:
    """Return the ministry with `people` ordinary users (at least 10) beside its administrators and help desk."""
    names = [f"{first} {last}" for first in _FIRST for last in _LAST]
    chosen = rng.sample(names, people + 11)
    staff = tuple(_person(rng, index, name) for index, name in enumerate(chosen, 1))
    workstations = {person.workstation: _workstation(person) for person in staff}
    return Estate(
        people=staff[11:],
        admins=tuple(_as(person, "adm.") for person in staff[:5]),
        helpdesk=tuple(_as(person, "hd.") for person in staff[5:11]),
        servers=_servers(),
        workstations=workstations,
    )


def _person(rng: Random, index: int, name: str) -> Person:
    first, last = name.lower().split()
    has_phone = rng.random() < 0.6
    return Person(
        login=f"{first}.{last}",
        name=name,
        sid=f"{SID}-{1100 + index}",
        workstation=f"WS{index:04}",
        address=f"10.21.{index // 200 + 1}.{index % 200 + 20}",
        home=f"192.0.2.{index % 250 + 2}",
        phone=f"{rng.getrandbits(128):032X}" if has_phone else "",
    )


def _as(person: Person, prefix: str) -> Person:
    return Person(
        login=prefix + person.login,
        name=person.name,
        sid=person.sid,
        workstation=person.workstation,
        address=person.address,
        home=person.home,
        phone="",
    )


def _workstation(person: Person) -> Machine:
    return Machine(
        name=person.workstation,
        address=person.address,
        file="windows/WEF.ndjson",
        form="forwarded",
        has_sysmon=False,
        audits_processes=True,
    )


def _servers() -> dict[str, Machine]:
    found = {
        name: Machine(
            name=name,
            address=address,
            file=f"windows/{name}.ndjson",
            form="winlogbeat",
            audits_processes=name in _BOTH_AUDITS,
        )
        for name, address in _FIXED.items()
    }
    for index in range(1, 41):
        name = f"APP{index:02}"
        form: Form = "nxlog" if index >= _FLAT_FROM else "winlogbeat"
        found[name] = Machine(name=name, address=f"10.20.4.{index + 10}", file=f"windows/{name}.ndjson", form=form)
    return found


def stable_hex(text: str, length: int) -> str:
    """Return `length` hexadecimal digits (at most 128) that depend on the text alone."""
    return blake2b(text.encode()).hexdigest()[:length]
