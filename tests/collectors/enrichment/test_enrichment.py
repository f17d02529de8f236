"""Enrichment: what an event's values say beyond themselves is added, and nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.enrichment.agents import Agents
from collectors.enrichment.assets import Assets, load_assets
from collectors.enrichment.domains import Domains
from collectors.enrichment.enricher import Enricher
from collectors.enrichment.places import Places
from engine.errors import ConfigurationError
from engine.events import Event, Fields, Origin
from tests.collectors.enrichment import mmdb

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Edg/120.0.2.1"
AGENTS, DOMAINS = Agents(), Domains()


def event(**fields: object) -> Event:
    named: Fields = {name.replace("__", "."): value for name, value in fields.items()}  # type: ignore[misc]
    return Event(id="1", origin=Origin(path="a", identity="i", offset=0, number=1), original="", fields=named)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    tirana = {
        "country": {"iso_code": "AL", "names": {"en": "Albania", "sq": "Shqip\u00ebria"}},
        "city": {"names": {"en": "Tirana"}},
        "location": {"latitude": 41.5, "longitude": 19.75},
    }
    network = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}
    return Places(
        [
            mmdb.write(tmp_path / "city.mmdb", {"198.51.100.0/24": tirana, "2001:db8::/32": tirana}),
            mmdb.write(tmp_path / "asn.mmdb", {"198.51.100.0/25": network}),
        ]
    )


def test_user_agents_are_read() -> None:
    firefox = AGENTS.describe(FIREFOX)
    assert (firefox["name"], firefox["version"], firefox["os.name"]) == ("Firefox", "128.0", "Linux")
    edge = AGENTS.describe(EDGE)
    assert (edge["name"], edge["version"], edge["os.full"]) == ("Edge", "120.0.2.1", "Windows 10")
    assert AGENTS.describe("\x00\x01") == {"name": "Other", "device.name": "Other"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=2000))
def test_no_text_breaks_the_reading_of_agents_and_names(text: str) -> None:
    assert all(AGENTS.describe(text).values())
    found = DOMAINS.describe(text)
    if found:
        whole = ".".join(filter(None, (found.get("subdomain"), found["registered_domain"])))
        assert whole == text.rstrip(".").lower()


@pytest.mark.parametrize(
    ("name", "registered", "suffix", "subdomain"),
    [
        ("www.e-albania.al", "e-albania.al", "al", "www"),
        ("portal.tatime.gov.al", "tatime.gov.al", "gov.al", "portal"),
        ("A.B.Example.CO.UK.", "example.co.uk", "co.uk", "a.b"),
        ("example.com", "example.com", "com", None),
        ("host.corp.internalname", "corp.internalname", "internalname", "host"),
    ],
)
def test_names_are_parted_where_they_are_registered(
    name: str, registered: str, suffix: str, subdomain: str | None
) -> None:
    found = DOMAINS.describe(name)
    assert (found["registered_domain"], found["top_level_domain"], found.get("subdomain")) == (
        registered,
        suffix,
        subdomain,
    )


@pytest.mark.parametrize("name", ["localhost", "192.0.2.1", "2001:db8::1", "gov.al", ".", "..", ".a.com", "x" * 300])
def test_what_is_no_registered_name_has_no_parts(name: str) -> None:
    assert DOMAINS.describe(name) == {}


def test_places_and_networks_come_from_every_database(places: Places) -> None:
    found = places.describe("198.51.100.7")
    assert found == {
        "geo.country_iso_code": "AL",
        "geo.country_name": "Albania",
        "geo.city_name": "Tirana",
        "geo.location": "41.5,19.75",
        "as.number": 64500,
        "as.organization.name": "Example Net",
    }
    assert "as.number" not in places.describe("198.51.100.200")
    assert places.describe("2001:db8::5")["geo.city_name"] == "Tirana"
    assert places.describe("192.0.2.1") == places.describe("no address") == {}


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mmdb").write_bytes(b"junk" * 100)
    for name in ("a.mmdb", "missing.mmdb"):
        with pytest.raises(ConfigurationError, match="no database of addresses"):
            Places([tmp_path / name])


LIST = """match,name,criticality,service,owner
10.0.0.0/8,everything,1,,
10.1.2.0/24,server room,3,,
10.1.2.3,the registry,5,civil-registry,AKSHI
srv-portal-*,portal front end,4,e-albania,
*.branch.example.al,branch office,2,,
dc1,domain controller,5,,
"""


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    (tmp_path / "assets.csv").write_text(LIST)
    return load_assets(tmp_path / "assets.csv")


@pytest.mark.parametrize(
    ("address", "name"),
    [("10.1.2.3", "the registry"), ("10.1.2.4", "server room"), ("10.9.9.9", "everything"), ("192.0.2.1", None)],
)
def test_the_smallest_network_says_which_asset_an_address_is(assets: Assets, address: str, name: str | None) -> None:
    found = assets.of_address(address)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("SRV-PORTAL-07", "portal front end"),
        ("pc1.branch.example.al", "branch office"),
        ("DC1.example.al", "domain controller"),
        ("other", None),
    ],
)
def test_hosts_are_known_by_name_or_pattern(assets: Assets, host: str, name: str | None) -> None:
    found = assets.of_host(host)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("name\nx\n", ":1", "match"),
        ("match,colour\na,b\n", ":1", "colour"),
        ("match,criticality\na,9\n", ":2", "criticality"),
        ("match,name\n,b\n", ":2", "empty"),
        ('match,name\n"a,b\n', ":", "CSV"),
    ],
)
def test_a_wrong_list_says_where(tmp_path: Path, text: str, where: str, what: str) -> None:
    (tmp_path / "assets.csv").write_text(text)
    with pytest.raises(ConfigurationError, match=what) as caught:
        load_assets(tmp_path / "assets.csv")
    assert where in str(caught.value.where)


def test_events_are_enriched_and_what_they_say_stays(places: Places, assets: Assets) -> None:
    enricher = Enricher(places=places, assets=assets)
    before = event(
        user_agent__original=FIREFOX,
        user_agent__name="said by the log",
        url__domain="www.e-albania.al",
        source__ip=["198.51.100.7", "192.0.2.1"],
        destination__ip="10.1.2.3",
        host__name="srv-portal-1",
        host__ip="10.1.2.4",
    )
    after = enricher.enriched(before).fields
    assert before.fields.items() <= after.items()
    assert after["user_agent.name"] == "said by the log"
    assert after["user_agent.version"] == "128.0"
    assert after["url.registered_domain"] == "e-albania.al"
    assert after["source.geo.country_iso_code"] == "AL"
    assert after["source.as.number"] == 64500
    assert (after["destination.asset.service"], after["destination.asset.criticality"]) == ("civil-registry", "5")
    assert (after["host.asset.name"], after["host.asset.criticality"]) == ("portal front end", "4")


def test_an_event_of_which_nothing_is_known_is_left_alone() -> None:
    plain = event(host__name="h", user_agent__original=5, source__ip="192.0.2.1", url__domain="localhost")
    assert Enricher().enriched(plain) is plain
