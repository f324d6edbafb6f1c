"""Every write to sections. Nobody's place is lost: one in which somebody is can't be deleted."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from audit.actions import record
from courses.actions.states import WrongState
from courses.actions.values import SIS_FIELDS, change, save
from courses.models import Course, Enrolment, Section
from courses.rules import (
    ADD_SECTION,
    DELETE_SECTION,
    EDIT_SECTION,
    MANAGE_SIS_OF_COURSE,
)
from permissions.actions.overrides import hold_rights
from permissions.policy import Denied, require


class SectionOccupied(Exception):
    """People are in the section, or it is the one that its course has from the start."""


@transaction.atomic
def create_section(*, actor: Actor, course: Course, name: str, **fields: Any) -> Section:
    """One more section of a course; `fields` are dates, SIS ids. Raises Denied, ValidationError."""
    hold_rights(actor, course.account)
    require(actor, ADD_SECTION, course)
    _require_course(actor, course, fields)
    section = Section(root_account=actor.root_account, course=course)
    change(section, {"name": name, **fields})
    save(section)
    _record(actor, section, "section_created", name=name)
    return section


@transaction.atomic
def update_section(*, actor: Actor, section: Section, fields: dict[str, Any]) -> None:
    """Change a section's name, dates and SIS ids. Raises Denied, ValidationError."""
    hold_rights(actor, section.course.account)
    require(actor, EDIT_SECTION, section)
    _require_course(actor, section.course, fields)
    before, after = change(section, fields)
    if after:
        save(section, after)
        _record(actor, section, "section_changed", before=before, after=after)


def _require_course(actor: Actor, course: Course, fields: dict[str, Any]) -> None:
    """Raise Denied for a course that has gone meanwhile, and for SIS ids that aren't one's own."""
    if not Course.objects.existing().filter(pk=course.pk).exists():
        raise Denied(ADD_SECTION)
    if fields.keys() & SIS_FIELDS:
        require(actor, MANAGE_SIS_OF_COURSE, course)


@transaction.atomic
def delete_section(*, actor: Actor, section: Section) -> None:
    """A section without people is gone. Raises Denied, SectionOccupied, WrongState."""
    hold_rights(actor, section.course.account)
    require(actor, DELETE_SECTION, section)
    places = Enrolment.objects.filter(section=section).exclude(state=Enrolment.State.DELETED)
    if section.is_default or places.exists():
        raise SectionOccupied
    there = Section.objects.filter(pk=section.pk, state=Section.State.ACTIVE)
    if not there.update(state=Section.State.DELETED, updated_at=timezone.now()):
        raise WrongState("The section is deleted.")
    section.state = Section.State.DELETED
    _record(actor, section, "section_deleted", name=section.name)


def _record(actor: Actor, section: Section, action: str, **data: Any) -> None:
    course = section.course
    record(actor, action, account=course.account, course=course.pk, section=section.pk, **data)
