"""Amazon Inspector's findings, and Security Hub's insights."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_FINDING: dict[str, Any] = {
    "awsAccountId": "123456789012",
    "findingArn": "arn:aws:inspector2:eu-south-1:123456789012:finding/1",
    "severity": "HIGH",
    "status": "ACTIVE",
    "title": "CVE-2024-0001 - openssl",
    "type": "PACKAGE_VULNERABILITY",
    "updatedAt": "1.709629964E9",
    "packageVulnerabilityDetails": {
        "vulnerabilityId": "CVE-2024-0001",
        "vendorSeverity": "important",
        "cvss": [{"baseScore": 7.5, "version": "3.1"}, {"baseScore": 9.8, "version": "3.1"}],
        "referenceUrls": ["https://example.org/1"],
        "vulnerablePackages": [{"name": "openssl", "version": "3.0"}],
    },
    "resources": [
        {
            "id": "i-0abc",
            "type": "AWS_EC2_INSTANCE",
            "region": "eu-south-1",
            "details": {"awsEc2Instance": {"type": "t3.small", "ipV4Addresses": ["10.0.0.5", "no address"]}},
        }
    ],
}


def seen(**more: object) -> dict[str, Any]:
    return one("aws_inspector", json.dumps({**_FINDING, **more}))


def test_a_finding_names_the_weakness_and_the_instance() -> None:
    fields = seen()
    assert (fields["vulnerability.id"], fields["vulnerability.score.base"]) == ("CVE-2024-0001", 9.8)
    assert (fields["vulnerability.severity"], fields["package.name"]) == ("important", "openssl")
    assert (fields["host.id"], fields["host.ip"], fields["cloud.region"]) == ("i-0abc", ["10.0.0.5"], "eu-south-1")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


@pytest.mark.parametrize("stamp", [1709629964, "1709629964", "2024-03-05T09:12:44Z"])
def test_an_instant_in_every_form(stamp: object) -> None:
    assert seen(updatedAt=stamp)["@timestamp"] == at("2024-03-05T09:12:44")


def test_an_instant_that_is_none_is_left_out() -> None:
    assert "@timestamp" not in seen(updatedAt="1E999")


def test_it_is_known_and_what_is_none_is_a_dead_letter() -> None:
    assert known_as(json.dumps(_FINDING)) == "aws_inspector"
    events, dead = read("aws_inspector", json.dumps(_FINDING) + '\n{"severity": "HIGH"}\n')
    assert (len(events), len(dead)) == (1, 1)


def test_an_insight_is_security_hubs() -> None:
    insight = json.dumps({"InsightArn": "arn", "Name": "Top", "GroupByAttribute": "ResourceId", "Filters": {"a": [1]}})
    assert known_as(insight) == "aws_securityhub"
    fields = one("aws_securityhub", insight)
    assert (fields["event.dataset"], fields["rule.name"]) == ("aws.securityhub_insights", "Top")
