"""A run: files of a roster into one tenant, kind by kind, batch by batch.

Fixed memory: a batch is read, looked up, decided and written, in a transaction with everything that
follows from it, and forgotten. Rows that can't be taken yet (their parent account, a login that
will be free) are tried again after their kind and at the end, as long as that helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.db import DataError, IntegrityError, OperationalError, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account
from audit.actions import record
from pairing_service.statements import plan_anew
from sis.archives import BROKEN, opened
from sis.batches import AnyRow, Batch, Kind
from sis.following import Follower
from sis.kinds import KINDS, KindNotTaken, kind_of, unknown_columns
from sis.limits import as_they_are_now
from sis.reading import FileRefused, Source, Survey, rows, survey
from sis.report import Problem, Report, problem_at
from sis.waiting import Waiting

BATCH = 2_000
# Hashing a password takes a good part of a second: fewer at a time, so that the progress moves and
# the run can be ended.
SLOW_BATCH = 20
# What `skip_deletes` leaves out (contract §8.2).
DELETING = {"deleted", "deleted_last_completed"}


class _File(NamedTuple):
    source: Source
    found: Survey
    kind: Kind[AnyRow]


def import_files(
    *,
    root_account: Account,
    paths: Iterable[Path],
    actor: Actor | None = None,
    follower: Follower | None = None,
    skip_deletes: bool = False,
    **told: Any,
) -> Report:
    """Import CSV files and zips of them, for `actor` or for whoever operates the service.

    What is wrong in a file or a row is in the report and stops nothing else. `skip_deletes` leaves
    out rows that delete. `told` goes into the event beside the counts.
    Raises Unusable (nothing was imported), and what the follower raises.
    """
    actor = actor or Actor(root_account, is_operator=True)
    follower = follower or Follower()
    run = _Run(actor, follower, skip_deletes=skip_deletes)

    def tell() -> None:
        record(actor, "sis_imported", account=root_account, **told, **run.report.counts())

    with opened(paths) as sources:
        try:
            run.take(sources)
            with transaction.atomic():
                tell()
                follower.finish(run.report)
        except BaseException:
            tell()
            raise
    return run.report


class _Run:
    def __init__(self, actor: Actor, follower: Follower, *, skip_deletes: bool) -> None:
        self._actor = actor
        self._root = actor.root_account
        self._follower = follower
        self._skips_deletes = skip_deletes
        self._done = 0
        self._later = {kind.name: Waiting() for kind in KINDS}
        self.report = Report([kind.name for kind in KINDS])

    def take(self, sources: list[Source]) -> None:
        files = list(self._surveyed(sources))
        kinds = [kind.name for kind in KINDS if any(file.kind is kind for file in files)]
        self._follower.begin(self.report, kinds, sum(file.found.lines for file in files))
        for kind in KINDS:
            for file in files:
                if file.kind is kind:
                    self._read(file)
            self._try_again(kind)
        while any(self._try_again(kind) for kind in KINDS):
            pass
        self._give_up()

    def _surveyed(self, sources: list[Source]) -> Iterator[_File]:
        """The files that can be used; why the others can't is told."""
        for source in sources:
            try:
                found = survey(source)
                kind = kind_of(found.header)
            except KindNotTaken as left_out:
                self.report.warn(Problem(source.name, None, str(left_out)))
            except FileRefused as refused:
                self.report.refuse_file(Problem(source.name, None, str(refused)))
            except BROKEN as error:
                self.report.refuse_file(Problem(source.name, None, f"It can't be read: {error}"))
            else:
                if unknown := unknown_columns(found.header, kind):
                    reason = f"Unknown columns were left out: {', '.join(unknown)[:200]}"
                    self.report.warn(Problem(source.name, 1, reason))
                yield _File(source, found, kind)

    def _read(self, file: _File) -> None:
        is_slow = file.kind.slow_column in file.found.header
        found = rows(file.source, file.found, file.kind, self.report.error)
        while batch := list(islice(found, SLOW_BATCH if is_slow else BATCH)):
            self._put(file.kind, self._wanted(batch))
            self._done += len(batch)
            self._follower.move(self._done)

    def _wanted(self, batch: list[AnyRow]) -> list[AnyRow]:
        if not self._skips_deletes:
            return batch
        return [row for row in batch if row.status.lower() not in DELETING]

    def _put(self, kind: Kind[AnyRow], batch: Sequence[AnyRow], tries: int = 2) -> None:
        """One transaction; what the database refuses is narrowed down to the row that it is."""
        try:
            done = self._write(kind, batch)
        except OperationalError:
            # A deadlock is worth another try; a database that is gone is the caller's to hear of.
            if tries == 1:
                raise
            self._put(kind, batch, tries - 1)
        except (IntegrityError, DataError) as error:
            if len(batch) > 1 or tries > 1:
                self._put_smaller(kind, batch, tries)
            else:
                # Not the database's own words: they would repeat the row, with its password.
                reason = f"The database did not take the row ({type(error).__name__})"
                self.report.error(problem_at(batch[0].place, reason))
        else:
            self.report.add(kind.name, done.outcome)
            self._later[kind.name].add(done.later)

    def _put_smaller(self, kind: Kind[AnyRow], batch: Sequence[AnyRow], tries: int) -> None:
        """Once more as it is, for somebody may have got in between; after that in halves."""
        if tries > 1:
            self._put(kind, batch, tries - 1)
        else:
            middle = len(batch) // 2
            self._put(kind, batch[:middle], tries)
            self._put(kind, batch[middle:], tries)

    def _write(self, kind: Kind[AnyRow], some: Sequence[AnyRow]) -> Batch[AnyRow]:
        prepared = kind.prepare(self._root, some) if kind.prepare else {}
        with transaction.atomic():
            plan_anew()
            # One import at a time per tenant; nobody else waits for this.
            accounts = Account.objects.select_related("override_version")
            held = accounts.select_for_update(no_key=True, of=("self",))
            actor = as_they_are_now(self._actor, held.get(pk=self._root.pk))
            self._follower.hold(actor)
            batch: Batch[AnyRow] = Batch(actor, timezone.now(), some, prepared)
            kind.put(batch)
            batch.count_unchanged()
            self._follower.put(kind.name, batch.outcome)
        return batch

    # --- Rows that wait ---

    def _try_again(self, kind: Kind[AnyRow]) -> bool:
        """Until it does not help any more; whether it helped."""
        helped = False
        while waiting := self._later[kind.name]:
            self._later[kind.name] = Waiting()
            found = (row for row, _ in waiting)
            while batch := list(islice(found, BATCH)):
                self._put(kind, batch)
            if len(self._later[kind.name]) >= len(waiting):
                break
            helped = True
        return helped

    def _give_up(self) -> None:
        for waiting in self._later.values():
            for row, reason in waiting:
                self.report.error(problem_at(row.place, reason))
