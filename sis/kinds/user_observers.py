"""user_observers.csv: who observes which student. The texts of its errors are the contract's §8.2.

Nobody is sent a mail about these links: the school's own office makes them, thousands at a time.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from accounts.models import User
from audit.actions import event
from audit.models import Event
from pairing.following import attach_all, bring_back_all, detach_all
from pairing.models import ObservationLink
from pairing_service.statements import among
from sis import looking_up
from sis.batches import Batch, Kind, RowRefused
from sis.limits import may_attach_observers
from sis.looking_up import Person
from sis.report import Place
from sis.store import Changed, Store, count

ACTIVE, DELETED = ObservationLink.State.ACTIVE, ObservationLink.State.DELETED
_STATES = {"active": ACTIVE, "deleted": DELETED}

# Observer, student.
Key = tuple[int, int]


class ObserverRow(NamedTuple):
    place: Place
    observer_id: str
    student_id: str
    status: str


class Values(NamedTuple):
    state: str
    linked_at: datetime
    ended_at: datetime | None


class _Links:
    def __init__(self, batch: Batch[ObserverRow]) -> None:
        self._batch = batch
        self._may_attach = may_attach_observers(batch.actor)
        ids = {row.observer_id for row in batch.rows} | {row.student_id for row in batch.rows}
        found = looking_up.people(batch.root, ids)
        self._people = {key: p for key, p in found.items() if p.state == User.State.ACTIVE}
        self.store: Store[Key, Values] = Store(
            ObservationLink,
            Values,
            keys=("observer_id", "student_id"),
            constants={"root_account_id": batch.root.pk},
        )
        users = [person.pk for person in self._people.values()]
        self.store.read(
            ObservationLink.objects.filter(among("observer", users), among("student", users))
        )

    def take(self, row: ObserverRow) -> None:
        observer, student = self._pair(row)
        state = _STATES[row.status.lower()]
        key = observer.pk, student.pk
        if state == DELETED and self.store.get(key) is None:
            raise RowRefused(
                f"Can't delete a non-existent observer for observer: {row.observer_id}, "
                f"student: {row.student_id}"
            )
        old = self.store.get(key)
        values = self._values(state, key, old)
        if values != old and not self._may_attach:
            raise RowRefused("Whoever imports may not link observers to students")
        self.store.put(key, values)

    def _values(self, state: str, key: Key, old: Values | None) -> Values:
        """Who is linked already stays so since the same day, whatever rows in between say."""
        for known in (self.store.before(key), old):
            if known is not None and known.state == state:
                return known
        if old is not None and state == DELETED:
            return Values(state, old.linked_at, self._batch.now)
        return Values(state, self._batch.now, None)

    def _pair(self, row: ObserverRow) -> tuple[Person, Person]:
        if not row.observer_id:
            raise RowRefused("No observer_id given for a user observer")
        if not row.student_id:
            raise RowRefused("No user_id given for a user observer")
        if row.observer_id == row.student_id:
            raise RowRefused(f"Can't observe yourself user {row.student_id}")
        if row.status.lower() not in _STATES:
            raise RowRefused(f'Improper status "{row.status}" for a user_observer')
        observer, student = self._people.get(row.observer_id), self._people.get(row.student_id)
        if observer is None:
            raise RowRefused(f"An observer referenced a non-existent user {row.observer_id}")
        if student is None:
            raise RowRefused(f"A student referenced a non-existent user {row.student_id}")
        return observer, student

    def write(self) -> None:
        # People before links, as everybody holds them.
        User.objects.hold({person for change in self.store.changes() for person in change.key})
        changes = self.store.write()
        self._batch.outcome.changes += count(changes)
        if changes:
            self._follow(changes)
            Event.objects.bulk_create([self._event(change) for change in changes])

    def _follow(self, changes: list[Changed[Key, Values]]) -> None:
        """Put observers beside their students, or take them away, in one statement each."""
        changed = {change.key: change for change in changes}
        links = ObservationLink.objects.filter(
            among("observer", [observer for observer, _ in changed]),
            among("student", [student for _, student in changed]),
        )
        made: list[int] = []
        restored: list[int] = []
        ended: list[int] = []
        for pk, *key in links.values_list("pk", "observer_id", "student_id"):
            change = changed.get((key[0], key[1]))
            if change is None:
                continue
            if change.after.state == DELETED:
                ended.append(pk)
            else:
                (restored if change.before else made).append(pk)
        if made or restored:
            attach_all([*made, *restored])
        if restored:
            bring_back_all(restored)
        if ended:
            detach_all(ObservationLink.objects.filter(pk__in=ended))

    def _event(self, change: Changed[Key, Values]) -> Event:
        observer_id, student_id = change.key
        action = "link_removed" if change.after.state == DELETED else "link_restored"
        told = event(
            self._batch.actor,
            action if change.before else "link_created",
            observer=observer_id,
            how="import",
        )
        told.subject_id = student_id
        return told


def _put(batch: Batch[ObserverRow]) -> None:
    links = _Links(batch)
    batch.each(links.take)
    links.write()


KIND = Kind(
    name="user_observers",
    row=ObserverRow,
    required=("observer_id", "student_id", "status"),
    put=_put,
)
