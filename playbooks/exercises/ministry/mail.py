"""Exchange as a working day sees it: OWA, Outlook, phones, and the look-alikes among them."""

from __future__ import annotations

from random import Random

from playbooks.exercises.estate import NETBIOS, Person
from playbooks.exercises.moments import DAY, HOUR, MINUTE, OFFICE, PHONES, SECOND, spread
from playbooks.exercises.scene import Scene

OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"
)
_PHONES = ("Apple-iPhone15C2/2202.60", "Android-Mail/2025.02.16", "Outlook-iOS-Android/1.0", "Apple-iPhone14C5/2107.41")
_MAC = "MacOutlook/16.93.25011212 (Intelx64 Mac OS X Version 15.2)"
_OWA = "https://mail.ministria.gov.example/owa/"
_OK = "200 0 0"


def exchange_day(scene: Scene) -> None:
    """Write EX01's web log of a day: about 20,000 requests at full size."""
    rng = scene.rng("mail")
    site = scene.exchange
    site.header(scene.day + 3 * HOUR + 12 * MINUTE)  # the application pools start again after patching
    _outlook(scene, rng)
    _phones(scene, rng)
    _browsers(scene, rng)
    _mac(scene, rng)
    _stale_phone(scene, rng)
    _probes(scene, rng)


def _outlook(scene: Scene, rng: Random) -> None:
    site, people = scene.exchange, scene.estate.people
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(7_200)):
        person = rng.choice(people)
        box = f"MailboxId=5c1e77aa-2b1f-4c0e-9f10-{_mailbox(person):012x}@ministria.gov.example"
        if rng.random() < 0.93:
            sent = rng.choice((1400, 1900, 2600, 5200, 24_000))
            size = rng.randrange(700, 4000) if rng.random() < 0.97 else rng.randrange(40_000, 4_500_000)
            site.request(
                ms, "POST", "/mapi/emsmdb/", box, person.address, OUTLOOK, _OK,
                user=f"{NETBIOS}\\{person.login}", sent=sent, received=size, taken=rng.randrange(4, 240),
            )  # fmt: skip
        else:
            _autodiscover(scene, ms, person, rng)


def _mailbox(person: Person) -> int:
    """Return a number that stands for the person's mailbox."""
    return int(person.sid.rpartition("-")[2]) * 7_919_113


def _autodiscover(scene: Scene, ms: int, person: Person, rng: Random) -> None:
    site = scene.exchange
    path = "/autodiscover/autodiscover.xml"
    site.request(ms, "POST", path, "", person.address, OUTLOOK, "401 1 2148074254", sent=320, received=410, taken=3)
    site.request(
        ms + 40, "POST", path, "", person.address, OUTLOOK, _OK,
        user=f"{NETBIOS}\\{person.login}", sent=4800, received=1180, taken=rng.randrange(20, 140),
    )  # fmt: skip


def _phones(scene: Scene, rng: Random) -> None:
    site = scene.exchange
    owners = [person for person in scene.estate.people if person.phone]
    agents = {person.login: rng.choice(_PHONES) for person in owners}
    commands = ("Ping", "Ping", "Ping", "Ping", "Sync", "Sync", "Sync", "FolderSync", "ItemOperations", "SendMail")
    for ms in spread(rng, scene.day, PHONES, scene.scaled(8_000)):
        person = rng.choice(owners)
        command = rng.choice(commands)
        received = {"SendMail": rng.choice((3_000, 9_000, 60_000, 1_900_000, 3_400_000))}.get(
            command, rng.randrange(180, 900)
        )
        sent = {"ItemOperations": rng.randrange(20_000, 6_000_000), "Sync": rng.randrange(200, 90_000)}.get(
            command, 260
        )
        taken = rng.randrange(200_000, 480_000) if command == "Ping" else rng.randrange(15, 900)
        query = f"Cmd={command}&User={person.login}&DeviceId={person.phone}&DeviceType=SmartPhone"
        site.request(
            ms, "POST", "/Microsoft-Server-ActiveSync/default.eas", query, person.home, agents[person.login], _OK,
            user=f"{NETBIOS}\\{person.login}", sent=sent, received=received, taken=taken,
        )  # fmt: skip


def _browsers(scene: Scene, rng: Random) -> None:
    site = scene.exchange
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(260)):
        person = rng.choice(scene.estate.people)
        client = person.home if rng.random() < 0.4 else person.address
        user = f"{person.login}@ministria.gov.example"
        if rng.random() < 0.08:  # a mistyped password, then the right one
            site.request(
                ms - 20 * SECOND, "POST", "/owa/auth.owa", "", client, EDGE, "302 0 0",
                referer=f"{_OWA}auth/logon.aspx", sent=610, received=900,
            )  # fmt: skip
        site.request(ms, "POST", "/owa/auth.owa", "", client, EDGE, "302 0 0", sent=1450, received=980, user=user)
        site.request(ms + 500, "GET", "/owa/", "", client, EDGE, _OK, user=user, sent=61_000, received=1900)
        for step in range(rng.randrange(4, 24)):
            action = rng.choice(
                ("FindItem", "GetItem", "GetItem", "FindConversation", "GetFileAttachment", "CreateItem")
            )
            at = ms + 2 * SECOND + step * rng.randrange(3, 50) * SECOND
            _owa_step(scene, at, action, client, user, rng)


def _owa_step(scene: Scene, ms: int, action: str, client: str, user: str, rng: Random) -> None:  # noqa: PLR0917 - a record has the parts it has
    site = scene.exchange
    if action == "GetFileAttachment":
        site.request(
            ms, "GET", "/owa/service.svc/s/GetFileAttachment", f"id=AAMkAD{rng.getrandbits(64):016X}", client, EDGE,
            _OK, user=user, referer=_OWA, sent=rng.randrange(30_000, 7_000_000), received=1800,
            taken=rng.randrange(40, 4000),
        )  # fmt: skip
        return
    received = rng.randrange(1500, 6000) if action != "CreateItem" else rng.randrange(4_000, 900_000)
    site.request(
        ms, "POST", "/owa/service.svc", f"action={action}&EP=1&ID=-{rng.randrange(1, 400)}&AC=1", client, EDGE, _OK,
        user=user, referer=_OWA, sent=rng.randrange(900, 64_000), received=received, taken=rng.randrange(15, 400),
    )  # fmt: skip


def _mac(scene: Scene, rng: Random) -> None:
    """Three people use Outlook for Mac, which speaks EWS all day and uploads what they attach."""
    site = scene.exchange
    for person in scene.estate.people[:3]:
        for ms in spread(rng, scene.day, OFFICE, scene.scaled(330)):
            received = rng.randrange(1200, 5200) if rng.random() < 0.98 else rng.randrange(300_000, 2_800_000)
            site.request(
                ms, "POST", "/EWS/Exchange.asmx", "", person.address, _MAC, _OK, user=f"{NETBIOS}\\{person.login}",
                sent=rng.randrange(900, 80_000), received=received, taken=rng.randrange(12, 300),
            )  # fmt: skip


def _stale_phone(scene: Scene, rng: Random) -> None:
    """One phone still has last month's password and tries every five minutes, all day."""
    person = next(person for person in scene.estate.people if person.phone)
    query = f"Cmd=Sync&User={person.login}&DeviceId={person.phone[::-1]}&DeviceType=SmartPhone"
    for ms in range(scene.day + rng.randrange(5 * MINUTE), scene.day + DAY, 5 * MINUTE):
        scene.exchange.request(
            ms, "POST", "/Microsoft-Server-ActiveSync/default.eas", query, person.home, _PHONES[3], "401 1 1326",
            sent=1200, received=640, taken=2500 + ms % 300,
        )  # fmt: skip


def _probes(scene: Scene, rng: Random) -> None:
    """The internet knocks at every mail server: version probes and exploit checks that get 401, 404 or a redirect."""
    paths = (
        ("GET", "/owa/auth/logon.aspx", "", _OK),
        ("GET", "/owa/auth/x.js", "", "404 0 2"),
        ("GET", "/ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application", "", _OK),
        (
            "GET",
            "/autodiscover/autodiscover.json",
            "@x.example/owa/?&Email=autodiscover/autodiscover.json%3F@x.example",
            "400 0 0",
        ),
        ("GET", "/robots.txt", "", "404 0 2"),
        ("POST", "/EWS/Exchange.asmx", "", "401 2 5"),
    )
    for ms in spread(rng, scene.day, (1,) * 24, scene.scaled(70)):
        method, path, query, status = rng.choice(paths)
        client = f"203.0.113.{rng.randrange(160, 250)}"
        scene.exchange.request(ms, method, path, query, client, "Mozilla/5.0 zgrab/0.x", status, sent=900, received=210)
