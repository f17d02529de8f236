"""Cisco ISE: who logged in from where, segments, alarms, and what clients write that forges nothing."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEAD = "<181>Mar  5 09:12:44 ise1 CISE_Failed_Attempts 0000000001 2 0 2024-03-05 09:12:44.018 +01:00 0000000007"
_FAILED = (
    f"{_HEAD} 5400 NOTICE Failed-Attempt: Authentication failed, ConfigVersionId=8, Device IP Address=192.0.2.1, "
    "DestinationIPAddress=192.0.2.2, DestinationPort=1812, UserName=eva, Protocol=Radius, NAS-IP-Address=192.0.2.1, "
    "Called-Station-ID=00-00-5E-00-53-02:guests, Calling-Station-ID=198.51.100.7, cisco-av-pair=method=dot1x,"
)


def test_a_failed_log_in_tells_who_from_where() -> None:
    fields = one("cisco_ise", _FAILED)
    assert fields["event.category"] == ["authentication", "network"]
    assert fields["event.outcome"] == "failure"
    assert (fields["user.name"], fields["source.ip"]) == ("eva", "198.51.100.7")
    assert (fields["destination.ip"], fields["destination.port"]) == ("192.0.2.2", 1812)
    assert fields["destination.mac"] == "00-00-5E-00-53-02"
    assert fields["@timestamp"] == at("2024-03-05T08:12:44.018")
    assert (fields["event.code"], fields["host.name"]) == ("5400", "ise1")


def test_where_no_address_of_the_caller_is_there_the_device_asked() -> None:
    fields = one("cisco_ise", _FAILED.replace("198.51.100.7", "00-00-5E-00-53-01"))
    assert (fields["source.ip"], fields["source.mac"]) == ("192.0.2.1", "00-00-5E-00-53-01")


def test_a_log_in_at_ise_itself() -> None:
    line = (
        "CISE_Administrative_and_Operational_Audit 0000000000 1 0 2024-07-29 14:07:18.047 +02:00 0000000000 51001 "
        "NOTICE Administrator-Login: Administrator authentication succeeded, ConfigVersionId=1, AdminInterface=GUI, "
        "AdminIPAddress=198.51.100.8, AdminName=root1,"
    )
    fields = one("cisco_ise", line)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "success")
    assert (fields["user.name"], fields["source.ip"]) == ("root1", "198.51.100.8")


def test_commands_on_devices_are_of_who_typed_them() -> None:
    line = (
        "0000000009 1 0 2024-01-07 19:51:20.282 +00:00 0000000010 5202 NOTICE Device-Administration: Command "
        "Authorization succeeded, Device IP Address=192.0.2.1, UserName=eva, CmdSet=[ CmdAV=show CmdArgAV=run ], "
        "Protocol=Tacacs, Remote-Address=198.51.100.9, Authen-Method=None,"
    )
    fields = one("cisco_ise", line)
    assert (fields["source.ip"], fields["event.outcome"]) == ("198.51.100.9", "success")
    assert fields["cisco_ise.cmdset"] == "[ CmdAV=show CmdArgAV=run ]"


def test_a_later_segment_has_its_own_keys() -> None:
    line = (
        "CISE_Failed_Attempts 0000000001 2 1 AuthenticationMethod=MSCHAPV2, FailureReason=24408 wrong password, "
        "Step=1, Step=2, cisco-av-pair=dc-device-name=phone9, "
        "cisco-av-pair=http-tlv=User-Agent=Mozilla/5.0 (X; Y), "
        "Response={RadiusPacketType=AccessReject; UserName=eva; },"
    )
    fields = one("cisco_ise", line)
    assert fields["event.reason"] == "24408 wrong password"
    assert (fields["device.model.name"], fields["user_agent.original"]) == ("phone9", "Mozilla/5.0 (X; Y)")
    assert fields["user.name"] == "eva"


def test_lists_inside_values_stay_whole() -> None:
    line = (
        "CISE_RADIUS_Accounting 0000000001 2 1 cisco-av-pair=dhcp-option=parameters=1, 33, 3, Acct-Status-Type=Start,"
    )
    fields = one("cisco_ise", line)
    assert fields["cisco_ise.cisco_av_pair"] == "dhcp-option=parameters=1, 33, 3"
    assert fields["cisco_ise.acct_status_type"] == "Start"


@pytest.mark.parametrize("name", [r"x\, Calling-Station-ID=192.0.2.66", r"x\, Device IP Address=192.0.2.66"])
def test_a_name_forges_no_address(name: str) -> None:
    fields = one("cisco_ise", _FAILED.replace("Device IP Address=192.0.2.1, ", "").replace("=eva", f"={name}"))
    assert fields["source.ip"] == "198.51.100.7"
    assert "192.0.2.66" not in fields["related.ip"]


def test_alarms() -> None:
    fields = one("cisco_ise", "WARN: RADIUS Request Dropped : Server=ise1; NAS IP Address=192.0.2.1; Admin=eva")
    assert (fields["event.reason"], fields["log.level"]) == ("RADIUS Request Dropped", "warn")
    assert (fields["observer.hostname"], fields["source.ip"]) == ("ise1", "192.0.2.1")
    fields = one("cisco_ise", "INFO: Configuration Changed: Admin=eva; Object Type=Policy; Object Name=p")
    assert (fields["event.category"], fields["event.type"]) == (["configuration"], ["change"])
    assert fields["user.name"] == "eva"


def test_it_is_recognised_and_takes_no_others() -> None:
    assert known_as(_FAILED) == "cisco_ise"
    assert known_as("WARN: EAP Connection Timeout : Server=ise1; NAS IP Address=192.0.2.1\n") == "cisco_ise"
    assert known_as("INFO: application started : mode=fast\n") != "cisco_ise"
    assert known_as("<189>12: Mar  5 09:12:44.123: %SYS-5-CONFIG_I: Configured from console by vty0\n") == "cisco_ios"


def test_a_cut_line_is_a_dead_letter() -> None:
    events, dead = read("cisco_ise", "CISE_Failed_Attempts 00000\n")
    assert not events
    assert "Cisco ISE" in str(dead[0].reason)
