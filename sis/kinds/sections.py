"""sections.csv: the sections of courses, beside the default one that each has anyway."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from courses.actions import Change, tell_followers
from courses.models import Course, Enrolment, Section
from pairing_service.statements import among
from sis import looking_up
from sis.batches import Batch, Kind, RowRefused
from sis.report import Place
from sis.store import Store, count
from sis.values import given, moment, named, optional, status

NOUN = "a section"
ACTIVE, DELETED = Section.State.ACTIVE, Section.State.DELETED
_STATES = {"active": ACTIVE, "deleted": DELETED}


class SectionRow(NamedTuple):
    place: Place
    section_id: str
    course_id: str
    name: str
    status: str
    integration_id: str | None
    start_date: str | None
    end_date: str | None


class Values(NamedTuple):
    course_id: int
    name: str
    integration_id: str | None
    state: str
    start_at: datetime | None
    end_at: datetime | None
    is_default: bool


class _Sections:
    def __init__(self, batch: Batch[SectionRow]) -> None:
        self._batch = batch
        self._courses = looking_up.courses(batch.root, {row.course_id for row in batch.rows})
        ids = {row.section_id for row in batch.rows}
        self.store: Store[str, Values] = Store(
            Section,
            Values,
            keys=("sis_id",),
            constants=batch.stamps,
        )
        self.store.read(Section.objects.filter(among("sis_id", ids), root_account=batch.root))

    def take(self, row: SectionRow) -> None:
        key = given(row.section_id, "section_id", NOUN)
        state = status(row.status, _STATES, NOUN)
        old = self.store.get(key)
        if state == DELETED:
            if old is not None and old.is_default:
                raise RowRefused(f"Section {key} is its course's default section")
            if old is not None:
                self.store.put(key, old._replace(state=state))
            return
        self.store.put(key, self._values(row, key, old))

    def _values(self, row: SectionRow, key: str, old: Values | None) -> Values:
        course_id = self._course(given(row.course_id, "course_id", NOUN))
        kept = old or Values(course_id, "", None, "", None, None, False)
        if kept.is_default and kept.course_id != course_id:
            raise RowRefused(f"Section {key} is its course's default section")
        zone = self._batch.root.time_zone
        return Values(
            course_id=course_id,
            name=given(named(row.name), "name", NOUN),
            integration_id=optional(row.integration_id, kept.integration_id),
            state=ACTIVE,
            start_at=moment(row.start_date, "start_date", zone, kept.start_at),
            end_at=moment(row.end_date, "end_date", zone, kept.end_at),
            is_default=kept.is_default,
        )

    def _course(self, sis_id: str) -> int:
        if sis_id not in self._courses:
            raise RowRefused(f"There is no course {sis_id}")
        pk, state = self._courses[sis_id]
        if state == Course.State.DELETED:
            raise RowRefused(f"Course {sis_id} is deleted")
        return pk

    def write(self) -> None:
        changes = self.store.write()
        self._batch.outcome.changes += count(changes)
        ended = []
        for key, before, after in changes:
            pk = self.store.pk(key)
            if before is None or pk is None:
                continue
            if after.state == DELETED != before.state:
                ended.append(pk)
            if after.course_id != before.course_id:
                self._take_along(pk, after.course_id)
        self._end_enrolments(ended)

    def _take_along(self, section_id: int, course_id: int) -> None:
        """Who is in a section goes with it into another course."""
        enrolments = Enrolment.objects.filter(section=section_id)
        enrolments.update(course=course_id, updated_at=self._batch.now)

    def _end_enrolments(self, section_ids: list[int]) -> None:
        """Nobody stays enrolled in a section that is gone."""
        for section_id in section_ids:
            there = Enrolment.objects.filter(section=section_id).exclude(
                state=Enrolment.State.DELETED
            )
            students = list(there.students().values_list("user_id", "state"))
            there.update(state=Enrolment.State.DELETED, updated_at=self._batch.now)
            tell_followers(
                [
                    Change(user, section_id, state, Enrolment.State.DELETED)
                    for user, state in students
                ]
            )


def _put(batch: Batch[SectionRow]) -> None:
    sections = _Sections(batch)
    batch.each(sections.take)
    sections.write()


KIND = Kind(
    name="sections",
    row=SectionRow,
    required=("section_id", "course_id", "name", "status"),
    put=_put,
)
