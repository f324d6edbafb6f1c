"""enrollments.csv: who is in which section, in which role. By far the largest of the files."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from accounts.models import User
from courses.actions import Change, tell_followers
from courses.models import Course, Enrolment, Section
from pairing.models import ObservationLink
from pairing_service.statements import among
from permissions.catalogue import BaseRole
from permissions.models import Role
from sis import looking_up
from sis.batches import Batch, Kind, RowRefused, TryLater
from sis.looking_up import Person, Spot
from sis.report import Place
from sis.statements import enrolments_of
from sis.store import Changed, Store, count
from sis.values import flag, given, moment, status

NOUN = "an enrollment"
State = Enrolment.State
# Deleted; but the last one that somebody has in a course is concluded instead.
DELETED_LAST_COMPLETED = "deleted_last_completed"
_STATES: dict[str, str] = {
    "active": State.ACTIVE,
    "deleted": State.DELETED,
    "completed": State.COMPLETED,
    "inactive": State.INACTIVE,
    DELETED_LAST_COMPLETED: DELETED_LAST_COMPLETED,
}
_ENDING = (State.DELETED, DELETED_LAST_COMPLETED)
# An import makes these count (spec/pairing.md "counts").
_COUNTING = (State.ACTIVE, State.COMPLETED)
_OVER = (State.DELETED, State.COMPLETED, State.REJECTED)

# Section, user, role, observed student.
Key = tuple[int, int, int, int | None]


class EnrolmentRow(NamedTuple):
    place: Place
    user_id: str
    status: str
    course_id: str | None
    section_id: str | None
    role: str | None
    role_id: str | None
    associated_user_id: str | None
    limit_section_privileges: str | None
    start_date: str | None
    end_date: str | None


class Values(NamedTuple):
    state: str
    activated_at: datetime | None
    limited_to_section: bool
    start_at: datetime | None
    end_at: datetime | None


class _Found(NamedTuple):
    """What a row names, and what it asks for."""

    key: Key
    course_id: int
    role: Role
    state: str


class _Enrolments:
    """First every row's people, section and role are found, then what is there, then decided."""

    def __init__(self, batch: Batch[EnrolmentRow]) -> None:
        self._batch = batch
        root, rows = batch.root, batch.rows
        people = {row.user_id for row in rows} | {row.associated_user_id or "" for row in rows}
        self._people = looking_up.people(root, people)
        self._sections = looking_up.sections(root, {r.section_id for r in rows if r.section_id})
        self._courses = looking_up.default_sections(
            root, {row.course_id for row in rows if row.course_id}
        )
        self._roles = looking_up.Roles(root)
        self._links = self._read_links()
        self._found: dict[Place, _Found] = {}
        self._last: dict[tuple[int, int], set[int | Key]] = {}
        self.store: Store[Key, Values] = Store(
            Enrolment,
            Values,
            keys=("section_id", "user_id", "role_id", "associated_user_id"),
            fixed=("course_id", "type"),
            constants=batch.stamps,
        )

    def _read_links(self) -> set[tuple[int, int]]:
        """Who observes whom, of those whom the rows attach to each other."""
        asking = [row for row in self._batch.rows if row.associated_user_id]
        if not asking:
            return set()
        people = self._people
        observers = {people[row.user_id].pk for row in asking if row.user_id in people}
        students = {people[key].pk for r in asking if (key := r.associated_user_id or "") in people}
        links = ObservationLink.objects.active().filter(
            among("observer", observers), among("student", students)
        )
        # Held, so that a link that is removed meanwhile takes the new enrolments with it.
        held = links.order_by("pk").select_for_update(no_key=True)
        return set(held.values_list("observer_id", "student_id"))

    # --- Finding ---

    def find(self, row: EnrolmentRow) -> None:
        state = status(row.status, _STATES, NOUN)
        user = self._person(given(row.user_id, "user_id", NOUN), state)
        spot = self._spot(row, state)
        role = self._roles.find(row.role, row.role_id, spot.account_path)
        if role.is_account_role:
            raise RowRefused(f"The role “{role.label}” is one of accounts, not of courses")
        student = None
        if row.associated_user_id and role.base_role == BaseRole.OBSERVER:
            student = self._student(row.associated_user_id, row.user_id, user, state)
        key = spot.section_id, user.pk, role.pk, student
        self._found[row.place] = _Found(key, spot.course_id, role, state)

    def _person(self, sis_id: str, state: str) -> Person:
        user = self._people.get(sis_id)
        if user is None:
            raise RowRefused(f"There is no user {sis_id}")
        if user.state == User.State.DELETED and state not in _ENDING:
            raise RowRefused(f"User {sis_id} is deleted")
        return user

    def _spot(self, row: EnrolmentRow, state: str) -> Spot:
        spot = self._named_spot(row)
        if state not in _ENDING:
            if spot.course_state == Course.State.DELETED:
                raise RowRefused("The course is deleted")
            if spot.section_state == Section.State.DELETED:
                raise RowRefused("The section is deleted")
        return spot

    def _named_spot(self, row: EnrolmentRow) -> Spot:
        course = self._courses.get(row.course_id) if row.course_id else None
        if row.course_id and course is None:
            raise RowRefused(f"There is no course {row.course_id}")
        if not row.section_id:
            if course is None:
                raise RowRefused(f"No course_id or section_id given for {NOUN}")
            return course
        section = self._sections.get(row.section_id)
        if section is None:
            raise RowRefused(f"There is no section {row.section_id}")
        if course is not None and course.course_id != section.course_id:
            raise RowRefused(f"Section {row.section_id} is not in course {row.course_id}")
        return section

    def _student(self, sis_id: str, observer_id: str, observer: Person, state: str) -> int:
        """The student whom an observer's row names: only a link attaches one to the other."""
        student = self._person(sis_id, state)
        if student.pk == observer.pk:
            raise RowRefused(f"Can't observe yourself user {sis_id}")
        if state not in _ENDING and (observer.pk, student.pk) not in self._links:
            raise TryLater(
                f"User {observer_id} has no active link to student {sis_id}: "
                "user_observers.csv makes one"
            )
        return student.pk

    # --- Deciding ---

    def read(self) -> None:
        found = self._found.values()
        self.store.read(enrolments_of({(one.key[0], one.key[1]) for one in found}))
        if ending := [one for one in found if one.state == DELETED_LAST_COMPLETED]:
            self._read_last(ending)

    def _read_last(self, ending: list[_Found]) -> None:
        """What these people have in these courses that is not over."""
        self._last = {(one.key[1], one.course_id): set() for one in ending}
        there = Enrolment.objects.exclude(state__in=_OVER).filter(
            among("user", [user for user, _ in self._last]),
            among("course", [course for _, course in self._last]),
        )
        for pk, user, course in there.values_list("pk", "user_id", "course_id"):
            if (user, course) in self._last:
                self._last[user, course].add(pk)

    def decide(self, row: EnrolmentRow) -> None:
        found = self._found.get(row.place)
        if found is None:
            return
        old = self.store.get(found.key)
        if found.state not in _ENDING:
            values = self._values(row, found.state, old)
            self.store.put(found.key, values, (found.course_id, found.role.base_role))
        elif old is not None:
            values = self._ended(found, old)
            self.store.put(found.key, values)
        else:
            return
        self._note(found, values.state)

    def _values(self, row: EnrolmentRow, state: str, old: Values | None) -> Values:
        kept = old or Values(state, None, False, None, None)
        zone = self._batch.root.time_zone
        return Values(
            state,
            kept.activated_at or (self._batch.now if state in _COUNTING else None),
            flag(row.limit_section_privileges, "limit_section_privileges", kept.limited_to_section),
            moment(row.start_date, "start_date", zone, kept.start_at),
            moment(row.end_date, "end_date", zone, kept.end_at),
        )

    def _ended(self, found: _Found, old: Values) -> Values:
        if found.state == State.DELETED:
            return old._replace(state=State.DELETED)
        if old.state in _OVER:
            return old
        others = self._last[found.key[1], found.course_id] - {self.store.pk(found.key) or found.key}
        if others:
            return old._replace(state=State.DELETED)
        return old._replace(state=State.COMPLETED, activated_at=old.activated_at or self._batch.now)

    def _note(self, found: _Found, state: str) -> None:
        """Keep what is not over up to date, row by row, where somebody asks for it."""
        there = self._last.get((found.key[1], found.course_id))
        if there is not None:
            change = there.discard if state in _OVER else there.add
            change(self.store.pk(found.key) or found.key)

    def write(self) -> None:
        changes = self.store.write()
        self._batch.outcome.changes += count(changes)
        roles = {one.role.pk: one.role for one in self._found.values()}
        students = {pk for pk, role in roles.items() if role.base_role == BaseRole.STUDENT}
        tell_followers([_followed(change) for change in changes if change.key[2] in students])


def _followed(change: Changed[Key, Values]) -> Change:
    before = change.before.state if change.before else None
    return Change(change.key[1], change.key[0], before, change.after.state)


def _put(batch: Batch[EnrolmentRow]) -> None:
    enrolments = _Enrolments(batch)
    batch.each(enrolments.find)
    enrolments.read()
    batch.each(enrolments.decide)
    enrolments.write()


KIND = Kind(
    name="enrollments",
    row=EnrolmentRow,
    required=("user_id", "status"),
    one_of=(("course_id", "section_id"), ("role", "role_id")),
    put=_put,
    not_taken=("notify", "root_account"),
)
