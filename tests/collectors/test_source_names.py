"""What `--source` takes: names, aliases, and the datasets that a source delivers."""

from __future__ import annotations

import pytest

from collectors.registry import delivered, find, sources
from engine.errors import NotFoundError


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("nginx", "nginx"),
        ("httpd", "apache"),
        ("Sentinel_One.Threat", "sentinel_one"),
        ("sentinel_one_threat", "sentinel_one"),
        ("zscaler_zia_firewall", "zscaler"),
        ("cisco_duo.telephony", "duo"),
        ("atlassian_jira_audit", "atlassian"),
        ("aws.cloudfront_logs", "aws_cloudfront"),
    ],
)
def test_a_source_is_called_by_name_alias_and_dataset(name: str, source: str) -> None:
    assert find(name).name == source


def test_every_source_is_found_by_its_name_and_by_each_of_its_aliases() -> None:
    for source in sources():
        assert all(find(name).name == source.name for name in (source.name, *source.aliases))


def test_a_dataset_that_is_told_in_full_is_that_alone() -> None:
    assert delivered()["nginx"] == ("nginx.access", "nginx.error")
    with pytest.raises(NotFoundError):
        find("nginx_accesses")


@pytest.mark.parametrize(
    ("name", "near"),
    [("ngnix", "nginx"), ("ciscoasa", "cisco_asa"), ("crowdstrike-fdr", "crowdstrike_fdr"), ("linux-auth", "auth")],
)
def test_a_source_that_is_called_wrongly_is_answered_with_what_is_meant(name: str, near: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        find(name)
    assert f"did you mean {near}" in str(refused.value.hint)


@pytest.mark.parametrize("name", ["", "*", ".", "zzzzzzzz"])
def test_what_is_like_no_source_is_answered_with_where_they_are_listed(name: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        find(name)
    assert "did you mean" not in str(refused.value.hint)
    assert "kulla sources" in str(refused.value.hint)
