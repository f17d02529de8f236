"""SharePoint as a working day sees it: pages, documents, legitimate `_layouts` pages, a picker dialog now and then."""

from __future__ import annotations

from random import Random

from playbooks.exercises.estate import MONITOR, NETBIOS
from playbooks.exercises.ministry.mail import EDGE
from playbooks.exercises.moments import DAY, HOUR, MINUTE, OFFICE, SECOND, spread
from playbooks.exercises.scene import Scene

SITE = "https://intranet.ministria.gov.example"
_PAGES = (
    "/SitePages/Home.aspx",
    "/sites/buxheti/SitePages/Home.aspx",
    "/sites/juridiku/Dokumente/Forms/AllItems.aspx",
    "/sites/burimet/Lists/Lejet/AllItems.aspx",
    "/_layouts/15/start.aspx",
    "/_layouts/15/viewlsts.aspx",
    "/_layouts/15/osssearchresults.aspx",
    "/_layouts/15/userdisp.aspx",
)
_PARTS = (
    "/_layouts/15/init.js",
    "/_layouts/15/1033/styles/Themable/corev15.css",
    "/_layouts/15/images/spcommon.png",
    "/_layouts/15/sp.js",
)
_PICKER = (
    "MultiSelect=True&CustomProperty=User%2CSecGroup%2CSPGroup%3B%3B15%3B%3B%3BFalse&DialogTitle=Zgjidh+personat"
    "&PickerDialogType=Microsoft.SharePoint.WebControls.PeoplePickerDialog%2C+Microsoft.SharePoint%2C+"
    "Version%3D15.0.0.0%2C+Culture%3Dneutral%2C+PublicKeyToken%3D71e9bce111e9429c&ForceClaims=False"
)


def sharepoint_day(scene: Scene) -> None:
    """Write SP01's web log of a day: about 7,500 requests at full size."""
    rng = scene.rng("intranet")
    scene.sharepoint.header(scene.day + 2 * HOUR + 41 * MINUTE)  # after the night's patches
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(1_500)):
        _visit(scene, ms, rng)
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(14)):
        _picker(scene, ms, rng)
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(150)):
        _upload(scene, ms, rng)
    for ms in range(scene.day + 7 * SECOND, scene.day + DAY, 2 * MINUTE):
        agent = "Zabbix 7.0.9"
        scene.sharepoint.request(
            ms, "GET", "/_layouts/15/start.aspx", "", MONITOR, agent, "302 0 0", sent=380, received=150
        )


def _visit(scene: Scene, ms: int, rng: Random) -> None:
    person = rng.choice(scene.estate.people)
    user = f"0#.w|{NETBIOS.lower()}\\{person.login}"
    page = rng.choice(_PAGES)
    site = scene.sharepoint
    if rng.random() < 0.3:
        site.request(ms, "GET", page, "", person.address, EDGE, "401 2 5", sent=420, received=900, taken=2)
    site.request(
        ms + 60, "GET", page, "", person.address, EDGE, "200 0 0", user=user, referer=f"{SITE}/",
        sent=rng.randrange(14_000, 120_000), received=rng.randrange(1100, 2600), taken=rng.randrange(60, 900),
    )  # fmt: skip
    for step in range(rng.randrange(1, 5)):
        part = rng.choice(_PARTS)
        status = "304 0 0" if rng.random() < 0.7 else "200 0 0"
        site.request(
            ms + 200 + step * 30, "GET", part, "rev=Xf1n%3D%3DTAG0", person.address, EDGE, status, user=user,
            referer=SITE + page, sent=300, received=1250, taken=rng.randrange(1, 30),
        )  # fmt: skip
    if rng.random() < 0.25:
        site.request(
            ms + 900, "POST", "/_vti_bin/client.svc/ProcessQuery", "", person.address, EDGE, "200 0 0", user=user,
            referer=SITE + page, sent=rng.randrange(600, 9000), received=rng.randrange(1400, 5200), taken=70,
        )  # fmt: skip


def _picker(scene: Scene, ms: int, rng: Random) -> None:
    """Somebody picks colleagues in a dialog: a GET and one or two postbacks, with user and referer."""
    person = rng.choice(scene.estate.people)
    user = f"0#.w|{NETBIOS.lower()}\\{person.login}"
    site = scene.sharepoint
    page = f"{SITE}/_layouts/15/aclinv.aspx"
    path = "/_layouts/15/Picker.aspx"
    site.request(
        ms, "GET", path, _PICKER, person.address, EDGE, "200 0 0", user=user, referer=page, sent=18_900, received=1900
    )
    for step in range(rng.randrange(1, 3)):
        site.request(
            ms + (step + 1) * 9 * SECOND, "POST", path, _PICKER, person.address, EDGE, "200 0 0", user=user,
            referer=f"{SITE}{path}", sent=21_400, received=6_200, taken=rng.randrange(60, 300),
        )  # fmt: skip


def _upload(scene: Scene, ms: int, rng: Random) -> None:
    person = rng.choice(scene.estate.people)
    user = f"0#.w|{NETBIOS.lower()}\\{person.login}"
    name = f"/sites/juridiku/Dokumente/VKM-{rng.randrange(100, 999)}-{rng.randrange(2019, 2026)}.docx"
    method, status = rng.choice((("GET", "200 0 0"), ("PUT", "200 0 0"), ("PROPFIND", "207 0 0")))
    big = rng.randrange(20_000, 4_000_000)
    scene.sharepoint.request(
        ms, method, name, "", person.address, "Microsoft Office Word 2019", status, user=user,
        sent=big if method == "GET" else 900, received=big if method == "PUT" else 800, taken=rng.randrange(80, 2400),
    )  # fmt: skip
