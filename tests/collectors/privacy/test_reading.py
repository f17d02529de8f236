"""The table [privacy]: rules by source and field, and every wrong word told with its place."""

from __future__ import annotations

import pytest

from collectors.personal import PERSONAL
from collectors.privacy.reading import PrivacySettings, read_privacy
from engine.errors import ConfigurationError


def read(values: object, **declared: list[str]) -> PrivacySettings:
    return read_privacy(values, lambda names: "kulla.toml:" + (".".join(names) or "0"), declared)


def actions(found: PrivacySettings, module: str, dataset: str) -> dict[str, str]:
    return {rule.field: rule.told for rule in found.policy.of(module, dataset)}


def test_personal_fields_are_treated_by_default() -> None:
    found = read({})
    assert (found.country, found.key_file) == ("AL", None)
    assert actions(found, "xroad", "xroad.opmon") == {
        "user.id": "pseudonymise",
        "xroad.represented_party.code": "pseudonymise",
        "xroad.issue": "pseudonymise",
    }
    assert actions(found, "nginx", "nginx.access") == {}
    for module, fields in PERSONAL.items():
        assert set(actions(found, module, f"{module}.x")) == {field.name for field in fields}


def test_fields_that_a_user_written_source_declares_are_treated_too() -> None:
    found = read({}, **{"permits.portal": ["user.id", "permits.applicant"]})
    assert actions(found, "", "permits.portal") == {"user.id": "pseudonymise", "permits.applicant": "pseudonymise"}


def test_the_settings_go_before_the_default_and_long_patterns_before_short_ones() -> None:
    rules = {
        "*": {"source.ip": "truncate:24"},
        "xroad": {"user.id": "keep", "xroad.issue": "truncate:5"},
        "nginx.access": {"source.ip": "prefix", "user.name": "pseudonymise"},
    }
    found = read({"rules": rules})
    assert actions(found, "xroad", "xroad.opmon") == {
        "xroad.represented_party.code": "pseudonymise",
        "xroad.issue": "truncate:5",
        "source.ip": "truncate:24",
    }
    assert actions(found, "nginx", "nginx.access") == {"source.ip": "prefix", "user.name": "pseudonymise"}
    assert actions(found, "nginx", "nginx.error") == {"source.ip": "truncate:24"}
    places = {rule.field: rule.place for rule in found.policy.of("nginx", "nginx.access")}
    assert places["source.ip"] == "kulla.toml:rules.nginx.access.source.ip"


def test_the_default_can_be_switched_off() -> None:
    found = read({"default": False, "anywhere": False, "country": "EE", "key_file": "/etc/kulla/key"})
    assert not found.policy.rules
    assert not found.policy.anywhere
    assert (found.country, str(found.key_file)) == ("EE", "/etc/kulla/key")


@pytest.mark.parametrize(
    ("values", "where", "what"),
    [
        ({"rules": {"xroad": {"user.id": "hide"}}}, "rules.xroad.user.id", "one of keep, drop"),
        ({"rules": {"xroad": {"user.id": "truncate"}}}, "rules.xroad.user.id", "truncate:SIZE"),
        ({"rules": {"xroad": {"user.id": "drop:5"}}}, "rules.xroad.user.id", "truncate:SIZE"),
        ({"rules": {"xroad": {"user.id": "truncate:x"}}}, "rules.xroad.user.id", "truncate:SIZE"),
        ({"rules": {"xroad": {"user.id": "prefix"}}}, "rules.xroad.user.id", "for addresses"),
        ({"rules": {"xroad": {"source.ip": "pseudonymise"}}}, "rules.xroad.source.ip", "`prefix`"),
        ({"rules": {"xroad": {"user.id": "hash planet"}}}, "rules.xroad.user.id", "'planet'"),
        ({"contry": "AL"}, "contry", "unknown setting"),
        ({"country": "Albania"}, "country", "two letters"),
        ({"default": "yes"}, "default", "true or false"),
        ("on", "0", "table"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(values: object, where: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as told:
        read(values)
    assert told.value.where == f"kulla.toml:{where}"
