"""Which permissions exist: `catalogue.csv` and `catalogue_groups.csv`, read once at import.

The rules are in the spec, "The catalogue". A row with a problem is left out, so that asking for its
key is an `UnknownPermission` (closed, not open), and `problems()` says in a sentence what is wrong.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from io import StringIO
from types import MappingProxyType

Cells = Mapping[str, str]

COLUMNS = (
    "key",
    "label",
    "group",
    "level",
    "available_to",
    "true_for",
    "feature_gate",
    "acts_as_access_token_scope",
    "enforced",
)
GROUP_COLUMNS = ("key", "label")


class BaseRole(StrEnum):
    """What every role is built on (spec "The catalogue")."""

    STUDENT = "StudentEnrollment"
    TEACHER = "TeacherEnrollment"
    TA = "TaEnrollment"
    DESIGNER = "DesignerEnrollment"
    OBSERVER = "ObserverEnrollment"
    ACCOUNT_ADMIN = "AccountAdmin"
    ACCOUNT_MEMBERSHIP = "AccountMembership"


ACCOUNT_BASE_ROLES = frozenset({BaseRole.ACCOUNT_ADMIN, BaseRole.ACCOUNT_MEMBERSHIP})
COURSE_BASE_ROLES = frozenset(BaseRole) - ACCOUNT_BASE_ROLES
STAFF_BASE_ROLES = frozenset({BaseRole.TEACHER, BaseRole.TA, BaseRole.DESIGNER})
CUSTOM_BASE_ROLES = frozenset(BaseRole) - {BaseRole.ACCOUNT_ADMIN}
BASE_ROLE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        BaseRole.STUDENT: "Student",
        BaseRole.TEACHER: "Teacher",
        BaseRole.TA: "TA",
        BaseRole.DESIGNER: "Designer",
        BaseRole.OBSERVER: "Observer",
        BaseRole.ACCOUNT_ADMIN: "Account Admin",
        BaseRole.ACCOUNT_MEMBERSHIP: "Account Membership",
    }
)


class Level(StrEnum):
    """Which roles can hold a permission, and where (spec "The catalogue")."""

    ANY = "any"  # course and account roles
    ACCOUNT = "account"  # account roles
    ROOT = "root"  # account roles whose membership is in the root account itself


@dataclass(frozen=True, slots=True)
class Permission:
    """One row of the catalogue.

    `group` is "" outside a group. `available_to` and `true_for` hold base role names: who can be
    given it, and who has it by default. `gated` ones are listed and never enforced.
    """

    key: str
    label: str
    group: str
    level: Level
    available_to: frozenset[str]
    true_for: frozenset[str]
    enforced: bool
    gated: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Permissions that the grid shows and locks together; `members` are keys, in file order."""

    key: str
    label: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What two CSV texts hold, and what is wrong with them, one sentence each."""

    permissions: Mapping[str, Permission]
    groups: Mapping[str, Group]
    problems: tuple[str, ...]


class UnknownPermission(KeyError):
    """A key that is not in the catalogue."""

    def __str__(self) -> str:
        return f"There is no permission “{self.args[0]}” in the catalogue."


def permission(key: str) -> Permission:
    """The permission of this key; `UnknownPermission` when there is none."""
    try:
        return PERMISSIONS[key]
    except KeyError:
        raise UnknownPermission(key) from None


def problems() -> list[str]:
    """What is wrong with the shipped catalogue, one sentence each; empty when all is well."""
    return list(_SHIPPED.problems)


def read_catalogue(permissions_csv: str, groups_csv: str) -> Catalogue:
    """Read the two CSV texts. Never raises on bad content: see `Catalogue.problems`."""
    group_rows, found = _rows("Groups", groups_csv, GROUP_COLUMNS)
    rows, unreadable = _rows("Permissions", permissions_csv, COLUMNS)
    wrong = {key: list(_wrong(cells, group_rows)) for key, cells in rows.items()}
    permissions = {key: _permission(cells) for key, cells in rows.items() if not wrong[key]}
    groups = {
        key: _group(key, cells["label"], permissions.values()) for key, cells in group_rows.items()
    }
    found += unreadable
    found += [f"Permission “{key}”: {what}." for key, whats in wrong.items() for what in whats]
    found += [
        f"Group “{key}” has no members." for key, group in groups.items() if not group.members
    ]
    return Catalogue(MappingProxyType(permissions), MappingProxyType(groups), tuple(found))


def _rows(name: str, text: str, columns: tuple[str, ...]) -> tuple[dict[str, Cells], list[str]]:
    """Rows by key, and what could not be read. Of a doubled key the first row is kept."""
    reader = csv.DictReader(StringIO(text))
    heading = reader.fieldnames or ()
    if sorted(heading) != sorted(columns):
        is_, must_be = ", ".join(heading) or "missing", ", ".join(columns)
        return {}, [f"{name}: the columns are {is_}; they must be {must_be}."]
    rows: dict[str, Cells] = {}
    found = []
    for cells in reader:
        if problem := _unreadable(cells, rows):
            found.append(f"{name}, line {reader.line_num}: {problem}.")
        else:
            rows[cells["key"]] = cells
    return rows, found


def _unreadable(cells: Cells, earlier: Mapping[str, Cells]) -> str | None:
    # DictReader puts surplus cells under None, and None into missing ones.
    if None in cells or None in cells.values():
        return "too many or too few cells"
    if cells["key"] in earlier:
        return f"the key “{cells['key']}” is there twice"
    return None


def _wrong(cells: Cells, groups: Iterable[str]) -> Iterator[str]:
    """What is wrong with one row, in words that follow its key."""
    if not cells["key"] or not cells["label"]:
        yield "the key or the label is empty"
    if cells["group"] and cells["group"] not in groups:
        yield f"unknown group “{cells['group']}”"
    if cells["level"] not in set(Level):
        yield f"unknown level “{cells['level']}”"
    for column in ("available_to", "true_for"):
        yield from _wrong_base_roles(column, _split(cells[column]), cells["level"])
    for column in ("feature_gate", "acts_as_access_token_scope", "enforced"):
        if cells[column] not in ("", "yes"):
            yield f"{column} is “{cells[column]}”; it must be yes or empty"
    if cells["feature_gate"] and cells["enforced"]:
        yield "a gated permission is never enforced"


def _wrong_base_roles(column: str, names: frozenset[str], level: str) -> Iterator[str]:
    for name in sorted(names - set(BaseRole)):
        yield f"unknown base role “{name}” in {column}"
    if level in (Level.ACCOUNT, Level.ROOT):
        for name in sorted(names & COURSE_BASE_ROLES):
            yield f"level {level} is for account roles, but {column} names {name}"


def _permission(cells: Cells) -> Permission:
    return Permission(
        key=cells["key"],
        label=cells["label"],
        group=cells["group"],
        level=Level(cells["level"]),
        available_to=_split(cells["available_to"]),
        true_for=_split(cells["true_for"]),
        enforced=cells["enforced"] == "yes",
        gated=cells["feature_gate"] == "yes",
    )


def _group(key: str, label: str, permissions: Iterable[Permission]) -> Group:
    return Group(key, label, tuple(p.key for p in permissions if p.group == key))


def _split(cell: str) -> frozenset[str]:
    return frozenset(name for name in cell.split("|") if name)


def _shipped(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


_SHIPPED = read_catalogue(_shipped("catalogue.csv"), _shipped("catalogue_groups.csv"))
PERMISSIONS = _SHIPPED.permissions
GROUPS = _SHIPPED.groups
