"""The names of the time zones that this machine knows."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import TZPATH, available_timezones

# The zones of each country, by place: without the aliases of former days (US/Pacific).
_TABLE = "zone.tab"


@cache
def time_zones() -> frozenset[str]:
    """Read once: the library looks through its folders of files each time it is asked."""
    return frozenset(available_timezones())


@cache
def current_time_zones() -> frozenset[str]:
    """Those to choose from: by place, without aliases where the machine tells which they are."""
    named = frozenset(name for name in time_zones() if "/" in name and not name.startswith("Etc/"))
    rows = (line.split("\t") for line in _table().splitlines() if not line.startswith("#"))
    return named & {row[2] for row in rows} or named


def _table() -> str:
    """The table that comes with the zones, the system's or the package's; empty without one."""
    for folder in map(Path, TZPATH):
        if (folder / _TABLE).is_file():
            return (folder / _TABLE).read_text(encoding="utf-8")
    try:
        return (resources.files("tzdata") / "zoneinfo" / _TABLE).read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return ""
