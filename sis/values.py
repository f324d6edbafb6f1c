"""Cells into values. What can't be one is a `RowRefused` that says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date, parse_datetime

from pairing_service.moments import has_a_day_everywhere
from pairing_service.naming import is_readable, one_line
from sis.batches import RowRefused

V = TypeVar("V")
_FLAGS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}


def given(cell: str, column: str, noun: str) -> str:
    """A cell that must not be blank."""
    if not cell:
        raise RowRefused(f"No {column} given for {noun}")
    return cell


def named(cell: str | None) -> str:
    """A cell that is a name, or a part of one, as it is kept; "" without one."""
    name = one_line(cell or "")
    if not is_readable(name):
        raise RowRefused(f"A name has unseen characters in it: {name!a}")
    return name


def optional(cell: str | None, old: str | None) -> str | None:
    """A cell that may be blank (then None); without such a column what was there stays."""
    return old if cell is None else cell or None


def status(cell: str, known: Mapping[str, V], noun: str) -> V:
    """What the status means; upper and lower case are the same."""
    found = known.get(cell) or known.get(cell.lower())
    if found is None:
        raise RowRefused(f'Improper status "{cell}" for {noun}')
    return found


def flag(cell: str | None, column: str, default: bool) -> bool:
    """True or false; the default when the cell is blank or there is no such column."""
    if not cell:
        return default
    if cell.lower() not in _FLAGS:
        raise RowRefused(f"{column} “{cell}” is neither true nor false")
    return _FLAGS[cell.lower()]


def moment(cell: str | None, column: str, zone: str, default: datetime | None) -> datetime | None:
    """A date or a date with time; without an offset in the account's time zone.

    A blank cell is None; without such a column the default stays.
    """
    if cell is None:
        return default
    if not cell:
        return None
    found = _parse(cell, zone)
    if found is None:
        raise RowRefused(f"{column} “{cell}” is not a date like 2030-01-31 or 2030-01-31T08:00:00Z")
    return found


@lru_cache(maxsize=4096)
def _parse(text: str, zone: str) -> datetime | None:
    try:
        day = parse_date(text)
        found = datetime.combine(day, time()) if day else parse_datetime(text)
    except ValueError:
        return None
    if found is None or not has_a_day_everywhere(found):
        return None
    local = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)
