"""What every store promises, asked of Elasticsearch by the same tests as of the embedded store."""

from datetime import timedelta

from tests.engine.store.test_events import (  # noqa: F401 - pytest runs them with this folder's `store`
    test_blocks_tell_up_to_where_everything_was_seen,
    test_columns_have_the_types_of_their_names,
    test_events_by_id_leaves_out_what_is_not_there,
    test_events_without_a_time_are_only_in_scans_without_a_window,
    test_prefixes_keep_paths_that_are_no_utf8,
    test_the_same_lines_of_another_source_are_no_duplicates,
)
from tests.engine.store.test_findings import (  # noqa: F401 - as above
    test_a_verdict_stays_with_its_alert,
    test_alerts_come_back_exactly_and_known_ones_are_left_alone,
    test_an_alert_is_found_by_the_start_of_its_id,
    test_hits_are_kept_once_and_asked_for_by_rule_and_time,
    test_incidents_come_back_exactly_in_order_of_severity,
    test_the_ledger_refuses_a_sequence_that_is_taken,
)
from tests.engine.store.test_records import (  # noqa: F401 - as above
    test_a_record_is_written_once_and_changed_only_by_who_has_read_it_last,
    test_records_are_found_by_state_time_and_key,
)


def test_append_counts_stored_duplicate_and_dead(store, many, letter) -> None:
    events = many(10)
    first = store.append(events[:6], [letter(1), letter(1)])
    assert (first.stored, first.duplicates, first.dead_lettered, first.dead_duplicates) == (6, 0, 1, 1)
    second = store.append([*events[4:], events[9]], [letter(1), letter(2)])
    assert (second.stored, second.duplicates, second.dead_lettered, second.dead_duplicates) == (4, 3, 1, 1)
    assert [each.id for each in store.dead_letters()] == [letter(1).id, letter(2).id]
    before = store.last_sequence()
    assert store.append(events, []).duplicates == 10
    assert store.last_sequence() == before  # sequences that nothing got are given back
    status = store.status()
    assert (status.events, status.dead_letters, status.datasets) == (10, 2, {"nginx.access": 10})


def test_scan_reads_windows_of_sequence_and_time(store, many, now) -> None:
    store.append(many(10), [])
    store.append(many(10, start=10), [])
    start = now - timedelta(hours=1)

    def offsets(**window: object) -> list[int]:
        parts = store.scan(columns=["log.offset"], **window)
        return [number // 100 for part in parts for number in part.table["log.offset"].to_pylist()]

    assert offsets(after=3, until=12) == list(range(3, 12))
    assert offsets(since=start + timedelta(seconds=8), before=start + timedelta(seconds=11)) == [8, 9, 10]
    assert offsets(since=start + timedelta(seconds=8, microseconds=1)) == list(range(9, 20))
    assert offsets(after=20) == offsets(since=now) == []
