"""Whoever follows a run: hears how far it is, and may end it between two batches."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.actor import Actor
from sis.report import Outcome, Report


class Stopped(Exception):
    """The run ends here: what was committed stays, the batch under way is not written."""


class Follower:
    """Hears everything and does nothing; others do something about it."""

    def wait(self) -> None:
        """Another import of the tenant is running; called again and again until it is not."""

    def begin(self, report: Report, kinds: Sequence[str], lines: int) -> None:
        """All files are looked through: these kinds, so many lines. `report` grows from now on."""

    def move(self, done: int) -> None:
        """So many lines are done, and what was written is committed."""

    def hold(self, actor: Actor) -> None:
        """Inside each batch's transaction, before it writes, with what the actor holds now.

        Raises Stopped.
        """

    def put(self, kind: str, outcome: Outcome) -> None:
        """Inside each batch's transaction, when it has written: what will be added to the report.

        Raises Stopped.
        """

    def finish(self, report: Report) -> None:
        """Inside the last transaction, in which the run's event is recorded. Raises Stopped."""
