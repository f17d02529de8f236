from __future__ import annotations

from datetime import date

import pytest

from engine.anomaly.holidays import is_working_day, orthodox_easter, public_holidays, western_easter


@pytest.mark.parametrize(
    ("year", "western", "orthodox"),
    [(2024, date(2024, 3, 31), date(2024, 5, 5)), (2025, date(2025, 4, 20), date(2025, 4, 20)),
     (2026, date(2026, 4, 5), date(2026, 4, 12)), (2027, date(2027, 3, 28), date(2027, 5, 2))],
)  # fmt: skip
def test_easter(year: int, western: date, orthodox: date) -> None:
    assert western_easter(year) == western
    assert orthodox_easter(year) == orthodox


def test_a_holiday_at_a_weekend_is_taken_on_the_next_working_day() -> None:
    assert date(2026, 3, 14).weekday() == 5  # Summer day
    assert date(2026, 3, 16) in public_holidays(2026)
    assert date(2026, 3, 23) in public_holidays(2026)  # for Nevruz, a Sunday
    assert not is_working_day(date(2026, 3, 16))


def test_moved_holidays_do_not_fall_on_one_another() -> None:
    for year in range(2020, 2040):
        assert all(day.weekday() < 5 for day in public_holidays(year))
    assert {date(2026, 11, 30), date(2026, 12, 1)} <= public_holidays(2026)  # 28 and 29 November, a weekend


def test_an_ordinary_tuesday_is_a_working_day() -> None:
    assert is_working_day(date(2026, 2, 24))
    assert not is_working_day(date(2026, 2, 22))
