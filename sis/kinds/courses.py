"""courses.csv: courses, each with its default section."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from accounts.models import Account
from courses.actions import tell_of_return
from courses.models import Course, Section
from pairing_service.rows import insert_rows
from pairing_service.statements import among
from sis import looking_up
from sis.batches import Batch, Kind, RowRefused, TryLater
from sis.limits import NOT_TO_MOVE, may_move
from sis.report import Place
from sis.store import Changed, Store, count
from sis.values import given, moment, named, optional, status

NOUN = "a course"
State = Course.State
_STATES = {
    "active": State.UNPUBLISHED,
    "published": State.AVAILABLE,
    "completed": State.COMPLETED,
    "deleted": State.DELETED,
}


class CourseRow(NamedTuple):
    place: Place
    course_id: str
    short_name: str
    long_name: str
    status: str
    account_id: str | None
    integration_id: str | None
    start_date: str | None
    end_date: str | None


class Values(NamedTuple):
    account_id: int
    name: str
    course_code: str
    integration_id: str | None
    state: str
    start_at: datetime | None
    end_at: datetime | None


class _Courses:
    def __init__(self, batch: Batch[CourseRow]) -> None:
        self._batch = batch
        self._accounts = looking_up.accounts(
            batch.root, {row.account_id for row in batch.rows if row.account_id}
        )
        ids = {row.course_id for row in batch.rows}
        self.store: Store[str, Values] = Store(
            Course,
            Values,
            keys=("sis_id",),
            constants=batch.stamps,
        )
        self.store.read(Course.objects.filter(among("sis_id", ids), root_account=batch.root))

    def take(self, row: CourseRow) -> None:
        key = given(row.course_id, "course_id", NOUN)
        state: str = status(row.status, _STATES, NOUN)
        old = self.store.get(key)
        if state == State.DELETED:
            if old is not None:
                self.store.put(key, old._replace(state=state))
            return
        # "active" asks for a course that is there; it never hides one that people see already.
        if state == State.UNPUBLISHED and old is not None and old.state == State.AVAILABLE:
            state = old.state
        values = self._values(row, state, old)
        if old is not None and old.account_id != values.account_id:
            self._require_move(old.account_id, values.account_id)
        self.store.put(key, values)

    def _require_move(self, *accounts: int) -> None:
        if may_move(self._batch.actor, self._batch.root.path):
            return  # without asking for each row
        paths = Account.objects.filter(pk__in=accounts).values_list("path", flat=True)
        if not may_move(self._batch.actor, *paths):
            raise RowRefused(NOT_TO_MOVE)

    def _values(self, row: CourseRow, state: str, old: Values | None) -> Values:
        zone = self._batch.root.time_zone
        kept = old or Values(self._batch.root.pk, "", "", None, "", None, None)
        return Values(
            account_id=self._account(row.account_id).pk if row.account_id else kept.account_id,
            name=given(named(row.long_name), "long_name", NOUN),
            course_code=given(named(row.short_name), "short_name", NOUN),
            integration_id=optional(row.integration_id, kept.integration_id),
            state=state,
            start_at=moment(row.start_date, "start_date", zone, kept.start_at),
            end_at=moment(row.end_date, "end_date", zone, kept.end_at),
        )

    def _account(self, sis_id: str) -> Account:
        account = self._accounts.get(sis_id)
        if account is None:
            raise TryLater(f"There is no account {sis_id}")
        if account.state == Account.State.DELETED:
            raise RowRefused(f"Account {sis_id} is deleted")
        return account

    def write(self) -> None:
        changes = self.store.write()
        self._add_sections([change for change in changes if change.before is None])
        self._batch.outcome.changes += count(changes)
        back = [c for c in changes if c.before is not None and c.before.state == State.DELETED]
        tell_of_return([self.store.pk(change.key) for change in back])

    def _add_sections(self, new: list[Changed[str, Values]]) -> None:
        """The section that every course has from the start."""
        ids = [change.key for change in new]
        made = Course.objects.filter(among("sis_id", ids), root_account=self._batch.root)
        insert_rows(
            Section,
            ("course_id", "name"),
            made.values_list("pk", "name") if new else [],
            self._batch.stamps | {"is_default": True},
        )


def _put(batch: Batch[CourseRow]) -> None:
    courses = _Courses(batch)
    batch.each(courses.take)
    courses.write()


KIND = Kind(
    name="courses",
    row=CourseRow,
    required=("course_id", "short_name", "long_name", "status"),
    put=_put,
    not_taken=(
        "term_id", "course_format", "blueprint_course_id", "homeroom_course", "friendly_name",
    ),
)  # fmt: skip
