"""The storyboards' events that SigmaHQ's rules do not cover are covered by ours, each shown by raw lines.

An event stands here with the rule files that find it; `test_raw_lines.py` runs their raw lines through the collectors.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from detections.catalogue import own_rules_folder, read_evidence
from tests.conftest import ROOT

RAW = ROOT / "tests" / "detections" / "raw"
GAPS: dict[tuple[str, int], tuple[str, ...]] = {
    ("SB-01", 1): ("web/sharepoint_picker_deserialisation_request",),
    ("SB-01", 4): ("web/layouts_page_posted_to_without_referer",),
    ("SB-01", 6): ("windows/service_account_remote_desktop",),
    ("SB-01", 7): ("exchange/mailbox_search_created", "exchange/recipient_enumeration"),
    ("SB-01", 8): ("exchange/impersonation_role_assigned", "exchange/administrators_group_extended"),
    ("SB-01", 9): ("web/exchange_large_answers_to_one_client", "web/exchange_post_volume_from_one_account"),
    ("SB-01", 10): ("network/vpn_several_accounts_one_address", "network/vpn_one_account_several_addresses"),
    ("SB-01", 14): ("windows/builtin_administrator_many_hosts", "windows/remote_desktop_fan_out"),
    ("SB-01", 16): ("windows/builtin_administrator_over_network",),
    ("SB-01", 18): ("windows/program_dropped_on_many_hosts",),
    ("SB-01", 20): ("windows/process_kill_burst", "windows/kill_loop_command"),
    ("SB-01", 22): ("windows/documents_renamed_in_bulk", "windows/encryptor_with_guard_arguments"),
    ("SB-01", 24): ("windows/remote_desktop_fan_out",),
    ("SB-01", 25): ("windows/driver_service_from_unusual_place", "windows/driver_raw_disk_or_bad_signature"),
    ("SB-01", 28): ("windows/driver_raw_disk_or_bad_signature", "windows/documents_renamed_in_bulk"),
    ("SB-03", 1): ("edge/vpn_sessions_from_two_countries", "network/vpn_one_account_several_addresses"),
    ("SB-04", 2): ("flood/half_open_connections_from_many", "flood/firewall_tells_a_flood"),
    ("SB-04", 3): ("flood/ever_new_words_while_service_fails", "flood/one_client_floods_pages"),
    ("SB-04", 4): ("flood/codes_asked_for_in_bulk", "portal/one_time_codes_requested_in_bulk"),
    ("SB-04", 5): ("flood/amplified_answers", "flood/name_server_asked_for_everything"),
    ("SB-04", 6): ("web/login_form_stuffing", "portal/login_pages_flooded"),
    ("SB-05", 2): ("web/sql_injection_errors_then_data", "web/sql_injection_query"),
    ("SB-05", 3): ("databases/table_rarely_read_by_account", "databases/many_tables_read_by_one_account"),
    ("SB-05", 4): ("portal/bulk_retrieval_through_interface", "databases/bulk_rows_mysql_slow_log"),
    ("SB-07", 1): ("registry/look_ups_at_night",),
    ("SB-07", 2): ("registry/official_looks_up_many_people", "registry/look_ups_without_a_case"),
    ("SB-07", 3): ("registry/person_numbers_in_sequence", "portal/personal_numbers_enumerated"),
}
# What stands in no log of the estate (an analyst tells it), or is found by volume alone.
NOT_IN_LOGS = {("SB-01", 27), ("SB-04", 1), ("SB-04", 7), ("SB-05", 5)}


@pytest.mark.parametrize(("event", "rules"), list(GAPS.items()), ids=lambda item: "-".join(map(str, item)))
def test_each_gap_is_covered_with_raw_lines(event: tuple[str, int], rules: tuple[str, ...]) -> None:
    for name in rules:
        assert read_evidence(own_rules_folder() / f"{name}.yml") is not None
        tests = yaml.safe_load((RAW / f"{name}.yml").read_text(encoding="utf-8"))
        assert {test["match"] for test in tests} == {True, False}, name


def test_no_gap_of_the_storyboards_is_forgotten(shared: Path) -> None:
    """Every event whose `s` says `none`, `gap` or `near` is listed."""
    forgotten = []
    for path in sorted((shared / "storyboards").glob("*.yaml")):
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        for board in loaded if isinstance(loaded, list) else [loaded]:
            for event in board["events"]:
                told = str(event.get("s", ""))
                gap = told.startswith("none") or "(gap" in told or "(near)" in told
                place = (board["id"], event["n"])
                if gap and place not in GAPS and place not in NOT_IN_LOGS:
                    forgotten.append(place)
    assert forgotten == []
