"""The names of the time zones that this machine knows."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> frozenset[str]:
    """Read once: the library looks through its folders of files each time it is asked."""
    return frozenset(available_timezones())
