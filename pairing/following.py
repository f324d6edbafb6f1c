"""Observer enrolments follow the student's (spec/pairing.md "The link", contract §3.6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import User
from courses.actions import Change
from courses.models import Course, Enrolment
from pairing.models import ObservationLink
from pairing_service.statements import among, run
from permissions.catalogue import BaseRole
from permissions.models import Role

State = Enrolment.State

# What an observer's enrolment is while the student's is in each state; None ends it.
_FOLLOWED: dict[str, str | None] = {
    State.ACTIVE: State.ACTIVE,
    State.INVITED: State.ACTIVE,
    State.CREATION_PENDING: State.ACTIVE,
    State.INACTIVE: State.INACTIVE,
    State.COMPLETED: State.COMPLETED,
    State.REJECTED: None,
    State.DELETED: None,
}
# A student with two enrolments in a section is followed in the one that is most alive.
_MOST_ALIVE = [State.ACTIVE, State.INACTIVE, State.COMPLETED, None]
# A student who comes back from these brings back an observer enrolment that was deleted by hand.
_COMES_BACK = {None, State.INACTIVE, State.DELETED, State.COMPLETED, State.REJECTED}


def attach(link: ObservationLink) -> None:
    """Put the observer beside the student in each of the student's current sections: one statement.

    Current is: active, invited, pending or inactive, in a course that exists. An enrolment that the
    observer has there is revived when it is deleted or inactive, else left alone.
    """
    _run_for(_ATTACH, link)


def attach_all(link_ids: list[int]) -> None:
    """`attach` for many links: one statement."""
    _run_for_all(_ATTACH, link_ids)


def bring_back(link: ObservationLink) -> None:
    """Of a restored link the places in what the student has concluded since, or had: `attach`
    makes none there, and these ended with the link (spec/pairing.md "The link")."""
    _run_for(_BRING_BACK, link)


def bring_back_all(link_ids: list[int]) -> None:
    """`bring_back` for many links: one statement."""
    _run_for_all(_BRING_BACK, link_ids)


def _run_for(sql: str, link: ObservationLink) -> None:
    """By its two people: a link that was just made or restored may not know its id."""
    which = "l.observer_id = %(observer)s AND l.student_id = %(student)s"
    pair = {"observer": link.observer_id, "student": link.student_id}
    run(sql.format(which=which), now=timezone.now(), **pair)


def _run_for_all(sql: str, link_ids: list[int]) -> None:
    run(sql.format(which="l.id IN %(links)s"), links=link_ids, now=timezone.now())


_BRING_BACK = """
UPDATE courses_enrolment SET state = 'completed', updated_at = %(now)s
 WHERE state = 'deleted' AND id IN (
       SELECT mine.id
         FROM pairing_observationlink l
         JOIN courses_enrolment mine
              ON mine.user_id = l.observer_id AND mine.associated_user_id = l.student_id
         JOIN courses_enrolment e ON e.user_id = l.student_id AND e.section_id = mine.section_id
         JOIN courses_course c ON c.id = e.course_id AND c.state <> 'deleted'
        WHERE {which} AND e.type = 'StudentEnrollment' AND e.state = 'completed')
"""


_ATTACH = """
INSERT INTO courses_enrolment AS mine
    (root_account_id, user_id, course_id, section_id, role_id, type, state, associated_user_id,
     limited_to_section, start_at, end_at, created_at, updated_at)
SELECT l.root_account_id, l.observer_id, e.course_id, e.section_id, r.id, 'ObserverEnrollment',
       MIN(CASE WHEN e.state = 'inactive' THEN 'inactive' ELSE 'active' END), l.student_id,
       FALSE, MIN(e.start_at), MAX(e.end_at), %(now)s, %(now)s
  FROM pairing_observationlink l
  JOIN courses_enrolment e ON e.user_id = l.student_id
  JOIN courses_course c ON c.id = e.course_id AND c.state <> 'deleted'
  JOIN permissions_role r ON r.root_account_id = e.root_account_id
       AND r.state = 'built_in' AND r.base_role = 'ObserverEnrollment'
 WHERE {which} AND e.type = 'StudentEnrollment'
   AND e.state IN ('active', 'invited', 'creation_pending', 'inactive')
 GROUP BY l.root_account_id, l.observer_id, l.student_id, e.course_id, e.section_id, r.id
ON CONFLICT (section_id, user_id, role_id, associated_user_id)
      WHERE associated_user_id IS NOT NULL
DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at
        WHERE mine.state IN ('deleted', 'inactive')
"""


def detach(link: ObservationLink) -> None:
    """End the observer's enrolments for this student."""
    detach_all(ObservationLink.objects.filter(observer=link.observer_id, student=link.student_id))


def detach_all(links: QuerySet[ObservationLink]) -> None:
    """End the enrolments that these links carried: one statement."""
    carried = links.filter(observer=OuterRef("user"), student=OuterRef("associated_user"))
    beside = Enrolment.objects.filter(
        Exists(carried), associated_user__in=links.values("student")
    ).exclude(state=State.DELETED)
    beside.update(state=State.DELETED, updated_at=timezone.now())


def follow(changes: Collection[Change]) -> None:
    """Bring the observers' enrolments in line with changed student ones, in a few statements."""
    students = {change.student_id for change in changes}
    # Who links or unlinks holds them, too, so that neither overlooks what the other is about to do.
    User.objects.hold(students)
    links = list(ObservationLink.objects.active().filter(among("student", students)))
    if links:
        observed = {link.student_id for link in links}
        _Following([c for c in changes if c.student_id in observed], links).write()
    _end_beside([c for c in changes if _FOLLOWED[c.after] is None])


def _end_beside(left: Collection[Change]) -> None:
    """A place beside a student ends with theirs, also one that no link carries, but was made by
    hand: one statement."""
    if not left:
        return
    there = Enrolment.objects.students().exclude(state__in=[State.REJECTED, State.DELETED])
    beside = Enrolment.objects.filter(
        ~Exists(there.filter(user=OuterRef("associated_user"), section=OuterRef("section"))),
        among("associated_user", {change.student_id for change in left}),
        among("section", {change.section_id for change in left}),
    ).exclude(state=State.DELETED)
    beside.update(state=State.DELETED, updated_at=timezone.now())


class _Following:
    """What is there for the changed (student, section) pairs, and what should be."""

    def __init__(self, changes: list[Change], links: list[ObservationLink]) -> None:
        self._links: dict[int, list[ObservationLink]] = defaultdict(list)
        for link in links:
            self._links[link.student_id].append(link)
        self._back = {(c.student_id, c.section_id) for c in changes if c.before in _COMES_BACK}
        self._pairs = {(c.student_id, c.section_id) for c in changes}
        students = {student for student, _ in self._pairs}
        sections = {section for _, section in self._pairs}
        self._wanted = self._read_wanted(students, sections)
        beside = Enrolment.objects.filter(associated_user__in=students, section__in=sections)
        # Several, where an observer has places in further roles there.
        self._there: dict[tuple[int | None, int, int], list[Enrolment]] = defaultdict(list)
        for e in beside:
            self._there[e.associated_user_id, e.section_id, e.user_id].append(e)

    def _read_wanted(
        self, students: set[int], sections: set[int]
    ) -> dict[tuple[int, int], Enrolment]:
        """The student's most alive enrolment per pair."""
        found: dict[tuple[int, int], Enrolment] = {}
        own = Enrolment.objects.students().filter(user__in=students, section__in=sections)
        for enrolment in own.exclude(course__state=Course.State.DELETED):
            pair = (enrolment.user_id, enrolment.section_id)
            if pair not in found or _aliveness(enrolment) < _aliveness(found[pair]):
                found[pair] = enrolment
        return found

    def write(self) -> None:
        new: list[Enrolment] = []
        by_state: dict[str, list[int]] = defaultdict(list)
        for student, section in self._pairs:
            wanted = self._wanted.get((student, section))
            for link in self._links[student]:
                there: list[Enrolment | None] = [*self._there[student, section, link.observer_id]]
                for mine in there or [None]:
                    state = self._state(wanted, mine, (student, section) in self._back)
                    if mine is None and wanted is not None and state != State.DELETED:
                        new.append(_beside(wanted, link, state))
                    elif mine is not None and mine.state != state:
                        by_state[state].append(mine.pk)
        self._save(new, by_state)

    def _state(self, wanted: Enrolment | None, mine: Enrolment | None, back: bool) -> str:
        state = _FOLLOWED[wanted.state] if wanted else None
        if state is None or (mine is None and state == State.COMPLETED):
            return State.DELETED
        deleted_by_hand = mine is not None and mine.state == State.DELETED and not back
        return State.DELETED if deleted_by_hand else state

    def _save(self, new: list[Enrolment], by_state: dict[str, list[int]]) -> None:
        if new:
            _give_role(new)
            Enrolment.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)
        for state, ids in by_state.items():
            for start in range(0, len(ids), 500):
                some = Enrolment.objects.filter(pk__in=ids[start : start + 500])
                some.update(state=state, updated_at=timezone.now())


def _aliveness(enrolment: Enrolment) -> int:
    return _MOST_ALIVE.index(_FOLLOWED[enrolment.state])  # type: ignore[arg-type]


def _beside(student: Enrolment, link: ObservationLink, state: str) -> Enrolment:
    return Enrolment(
        root_account_id=link.root_account_id,
        user_id=link.observer_id,
        course_id=student.course_id,
        section_id=student.section_id,
        type=Enrolment.Type.OBSERVER,
        state=state,
        associated_user_id=link.student_id,
        start_at=student.start_at,
        end_at=student.end_at,
    )


def _give_role(enrolments: list[Enrolment]) -> None:
    role = Role.objects.get(
        root_account_id=enrolments[0].root_account_id,
        state=Role.State.BUILT_IN,
        base_role=BaseRole.OBSERVER,
    )
    for enrolment in enrolments:
        enrolment.role = role
