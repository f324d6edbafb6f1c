"""JSON of sections, out and in (contract §7.1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, NotRequired, Required, TypedDict

from django.core.exceptions import ValidationError

from pairing_service.http.errors import Field, Refusal, invalid, invalid_fields, refusal
from pairing_service.http.params import Params, Reader, read_fields, read_moment
from pairing_service.http.rendering import wire_time
from pairing_service.http.shapes import Time

# --- Out ---


class SisOfSection(TypedDict, total=False):
    """For who may see SIS ids in the course."""

    sis_section_id: str | None
    sis_course_id: str | None
    integration_id: str | None
    sis_import_id: int | None


class SectionJson(SisOfSection):
    """A section of a course. None is ever moved to another course here."""

    id: int
    name: str
    course_id: int
    nonxlist_course_id: None
    start_at: Time | None
    end_at: Time | None
    created_at: Time
    restrict_enrollments_to_section_dates: Literal[False]
    total_students: NotRequired[int]


def section_json(section: Any, include: Collection[str] = ()) -> SectionJson:
    """A section of `finding.told_sections`, its course at hand. `include`: total_students."""
    body: SectionJson = {
        "id": section.pk,
        "name": section.name,
        "course_id": section.course_id,
        "nonxlist_course_id": None,
        "start_at": wire_time(section.start_at),
        "end_at": wire_time(section.end_at),
        "created_at": wire_time(section.created_at),
        "restrict_enrollments_to_section_dates": False,
    }
    if section.shows_sis:
        body["sis_section_id"] = section.sis_id
        body["sis_course_id"] = section.course.sis_id
        body["integration_id"] = section.integration_id
    if section.shows_sis_import:
        body["sis_import_id"] = None
    if "total_students" in include:
        body["total_students"] = section.students
    return body


# --- In ---


class SectionChanges(TypedDict, total=False):
    name: str
    sis_section_id: str
    integration_id: str
    start_at: Time
    end_at: Time


class NewSection(TypedDict, total=False):
    name: Required[str]
    sis_section_id: str
    integration_id: str
    start_at: Time
    end_at: Time


class NewSectionParams(TypedDict):
    course_section: NewSection
    include: NotRequired[list[str]]


class ChangedSectionParams(TypedDict):
    course_section: SectionChanges
    include: NotRequired[list[str]]


# The wire's name, ours, and how it is read.
_FIELDS: dict[str, tuple[str, Reader]] = {
    "name": ("name", str),
    "sis_section_id": ("sis_id", lambda text: text or None),
    "integration_id": ("integration_id", lambda text: text or None),
    "start_at": ("start_at", read_moment),
    "end_at": ("end_at", read_moment),
}
_WIRE_NAMES = {name: wire for wire, (name, _) in _FIELDS.items()}


def section_fields(params: Params) -> dict[str, Any]:
    """`course_section[…]` under our names. Raises the 400 with every wrong value."""
    given, wrong = params.group("course_section"), dict[str, Field]()
    if not given:
        raise refusal(400, "course_section is missing")
    fields = read_fields(given, _FIELDS, wrong)
    if wrong:
        raise invalid(**wrong)
    return fields


def section_refused(error: ValidationError) -> Refusal:
    """The 400 for what the action found wrong, under the wire's names."""
    return invalid_fields(error, _WIRE_NAMES)
