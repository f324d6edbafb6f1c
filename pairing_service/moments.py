"""Which points in time can be told to everybody."""

from __future__ import annotations

from datetime import date


def has_a_day_everywhere(moment: date) -> bool:
    """Whether a day, or a point in time, has a date in every time zone, which the first and the
    last of the calendar have not, and one with four digits, as browsers' controls want it."""
    return 1000 < moment.year < 9999
