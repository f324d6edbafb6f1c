"""Which points in time can be told to everybody."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError


def has_a_day_everywhere(moment: date) -> bool:
    """Whether a day, or a point in time, has a date in every time zone, which the first and the
    last of the calendar have not, and one with four digits, as browsers' controls want it."""
    return 1000 < moment.year < 9999


def refuse_far_days(moment: date) -> None:
    """For fields of forms, which say it in their own words for what is no day."""
    if not has_a_day_everywhere(moment):
        raise ValidationError("far", code="invalid")
