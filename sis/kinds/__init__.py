"""The kinds of files that are taken, one module each, and how a header tells them apart."""

from __future__ import annotations

from sis.batches import AnyRow, Kind
from sis.kinds import accounts, admins, courses, enrollments, sections, user_observers, users
from sis.reading import FileRefused

# The order in which they are imported, whatever the order of the files.
KINDS: tuple[Kind[AnyRow], ...] = (
    accounts.KIND,
    courses.KIND,
    sections.KIND,
    users.KIND,
    enrollments.KIND,
    admins.KIND,
    user_observers.KIND,
)
_TAKEN = {kind.name: kind for kind in KINDS}

# A file is of the first kind all of whose columns it has.
_MARKS: tuple[tuple[str, set[str]], ...] = (
    ("user_observers", {"observer_id", "student_id"}),
    ("xlists", {"xlist_course_id", "section_id"}),
    ("change_sis_id", {"old_id", "new_id"}),
    ("group_categories", {"group_category_id", "category_name"}),
    ("groups", {"group_id"}),
    ("logins", {"login_id", "existing_user_id"}),
    ("logins", {"login_id", "existing_integration_id"}),
    ("logins", {"login_id", "existing_canvas_user_id"}),
    ("users", {"user_id", "login_id"}),
    ("enrollments", {"user_id", "course_id"}),
    ("enrollments", {"user_id", "section_id"}),
    ("admins", {"user_id", "account_id"}),
    ("sections", {"section_id", "course_id"}),
    ("courses", {"course_id", "short_name"}),
    ("accounts", {"account_id", "name"}),
    ("terms", {"term_id", "name"}),
)


class KindNotTaken(Exception):
    """The file is a roster's, of a kind that this service has no use for."""


def kind_of(header: tuple[str, ...]) -> Kind[AnyRow]:
    """The kind of a file with this header. Raises KindNotTaken, FileRefused."""
    columns = set(header)
    name = next((name for name, marks in _MARKS if marks <= columns), None)
    if name is None:
        raise FileRefused(f"The header is not one of a roster file: {', '.join(header)[:200]}")
    if name not in _TAKEN:
        raise KindNotTaken(f"A file of {name}: nothing of it is needed here, so it was left out.")
    kind = _TAKEN[name]
    missing = [column for column in kind.required if column not in columns]
    missing += [" or ".join(some) for some in kind.one_of if not columns.intersection(some)]
    if missing:
        raise FileRefused(f"A file of {name} needs the column {', '.join(missing)}.")
    return kind


def unknown_columns(header: tuple[str, ...], kind: Kind[AnyRow]) -> list[str]:
    """Columns that no roster file of this kind has: perhaps a slip of the pen."""
    known = {*kind.columns, *kind.not_taken, ""}
    return [name for name in header if name not in known]
