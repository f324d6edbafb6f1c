"""Keeps an import's record up to date while it runs.

What a batch has changed is counted in its own transaction, so that the counts are those of what is
there, whenever the process is killed. The rest is written at most once a second, and at the end.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from permissions.policy import may
from sis.following import Follower, Stopped
from sis.models import ImportProblem, SisImport
from sis.report import Outcome, Problem, Report
from sis.rules import IMPORT_SIS

State = SisImport.State
# Seconds between two writes of the progress.
EVERY = 1.0
_VERBS = ("created", "updated", "deleted")


class LostRun(Stopped):
    """The record is not this run's any more: somebody stopped the import, or took it over."""


class NoRight(Stopped):
    """Whoever asked for the import may not import any more."""


class Recorder(Follower):
    """Follows a run into its record. `also` hears everything, too; `stopping` ends the run."""

    def __init__(
        self,
        sis_import: SisImport,
        stopping: threading.Event | None = None,
        also: Follower | None = None,
    ) -> None:
        self._import = sis_import
        self._stopping = stopping or threading.Event()
        self._also = also or Follower()
        self._report = Report([])
        self._kinds: Sequence[str] = []
        self._lines = self._done = 0
        self._told = {"errors": 0, "warnings": 0}
        self._written = 0.0

    # --- Following ---

    def begin(self, report: Report, kinds: Sequence[str], lines: int) -> None:
        self._also.begin(report, kinds, lines)
        self._report, self._kinds, self._lines = report, kinds, lines
        for said in self._import.foretold:
            report.warn(Problem("", None, said))
        self._write()

    def move(self, done: int) -> None:
        self._also.move(done)
        # Values may hold line ends, or the last line none: what was counted is a good guess.
        self._done = min(done, self._lines)
        if time.monotonic() - self._written >= EVERY:
            self._write()

    def hold(self, actor: Actor) -> None:
        """Raises Stopped, LostRun, NoRight."""
        if self._stopping.is_set():
            raise Stopped
        if not self._mine().running().exists():
            raise LostRun
        if not actor.is_operator and not may(actor, IMPORT_SIS, actor.root_account):
            raise NoRight

    def put(self, kind: str, outcome: Outcome) -> None:
        """Raises LostRun: then the batch is not written."""
        report = self._report
        changes = {kind: dict(counts) for kind, counts in report.changes.items()}
        changes[kind] = dict(report.changes[kind] + outcome.changes)
        counted = {
            "changes": _sum_of_changes(self._import.changes, changes),
            "taken": dict(report.taken) | {kind: report.taken[kind] + outcome.taken},
            "unchanged": report.unchanged + outcome.unchanged,
        }
        now = timezone.now()
        if not self._mine().running().update(seen_at=now, updated_at=now, **counted):
            raise LostRun

    # --- Ending ---

    def finish(self, report: Report) -> None:
        """It has run to its end. Raises LostRun."""
        if not (self._kinds or report.errors or report.warnings):
            report.find_no_file()
            state = State.FAILED_WITH_MESSAGES
        elif report.refused_files and not self._kinds:
            state = State.FAILED_WITH_MESSAGES
        elif report.errors or report.warnings:
            state = State.IMPORTED_WITH_MESSAGES
        else:
            state = State.IMPORTED
        if not self._end(state):
            raise LostRun

    def fail(self, said: str) -> None:
        """It can't go on, and why."""
        self._report.error(Problem("", None, said))
        self._end(State.FAILED_WITH_MESSAGES)

    def abort(self) -> None:
        """Whoever ran it ends it."""
        self._end(State.ABORTED)

    def hand_back(self) -> None:
        """This process ends; another one takes the import up. It does not count as a run."""
        now = timezone.now()
        self._update(state=State.CREATED, run="", runs=self._import.runs - 1, seen_at=None,
                     updated_at=now)  # fmt: skip

    def let_go(self) -> None:
        """The run was lost: what it did until then is told, if nobody runs it instead."""
        self._keep(self._mine().filter(state=State.ABORTED))

    def _end(self, state: str) -> bool:
        now = timezone.now()
        return self._update(state=state, ended_at=now, updated_at=now)

    # --- Writing ---

    def _mine(self) -> Any:
        return SisImport.objects.filter(pk=self._import.pk, run=self._import.run)

    def _write(self) -> None:
        self._written = time.monotonic()
        now = timezone.now()
        self._update(seen_at=now, updated_at=now)

    def _update(self, **more: Any) -> bool:
        return self._keep(self._mine().running(), **more)

    @transaction.atomic
    def _keep(self, mine: Any, **more: Any) -> bool:
        """Numbers and new problems, if the record still is this run's; whether it is."""
        if not mine.update(**self._numbers(), **more):
            return False
        self._tell("errors", self._report.errors, is_error=True)
        self._tell("warnings", self._report.warnings, is_error=False)
        return True

    def _numbers(self) -> dict[str, Any]:
        report, before = self._report, self._import
        counts = report.counts()
        return {
            "kinds": list(self._kinds),
            "lines": self._lines,
            "lines_done": self._done,
            "changes": _sum_of_changes(before.changes, counts["changes"]),
            "taken": dict(report.taken),
            "unchanged": counts["unchanged"],
            "error_count": counts["error_count"],
            "warning_count": counts["warning_count"],
        }

    def _tell(self, name: str, problems: list[Problem], *, is_error: bool) -> None:
        told = self._told[name]
        ImportProblem.objects.bulk_create(_rows(self._import, problems[told:], told, is_error))
        self._told[name] = len(problems)


def _rows(
    sis_import: SisImport, problems: Iterable[Problem], told: int, is_error: bool
) -> list[ImportProblem]:
    return [
        ImportProblem(
            sis_import=sis_import, is_error=is_error, number=number, file=problem.file[:600],
            line=problem.line, reason=problem.reason,
        )
        for number, problem in enumerate(problems, told + 1)
    ]  # fmt: skip


def tell_error(sis_import: SisImport, said: str) -> None:
    """One more error, of an import that nobody runs any more."""
    number = ImportProblem.objects.filter(sis_import=sis_import, is_error=True).count() + 1
    row = _rows(sis_import, [Problem("", None, said)], number - 1, True)
    ImportProblem.objects.bulk_create(row)
    SisImport.objects.filter(pk=sis_import.pk).update(error_count=sis_import.error_count + 1)


def _sum_of_changes(
    before: dict[str, dict[str, int]], now: dict[str, dict[str, int]]
) -> dict[str, dict[str, int]]:
    """What the runs before this one have changed, and this one."""
    added = {kind: Counter(now.get(kind, {})) + Counter(before.get(kind, {})) for kind in now}
    added |= {kind: Counter(counts) for kind, counts in before.items() if kind not in now}
    return {kind: {verb: counts[verb] for verb in _VERBS} for kind, counts in added.items()}
