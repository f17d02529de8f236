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


@pytest.mark.parametrize("name", ["nothing_like_it", "", "*", "."])
def test_what_no_source_is_called_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        find(name)
    assert "nginx" in str(refused.value.hint)
