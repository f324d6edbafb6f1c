"""Imports as a record: who asked, how far it is, what came of it, what was wrong with which row."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User

# A run that was not heard of for so long is dead: its process was killed, or its machine is off.
SILENCE = timedelta(seconds=30)


class SisImportQuerySet(models.QuerySet["SisImport"]):
    def of(self, root_account: Account) -> SisImportQuerySet:
        return self.filter(root_account=root_account)

    def waiting(self) -> SisImportQuerySet:
        return self.filter(state=SisImport.State.CREATED)

    def running(self) -> SisImportQuerySet:
        return self.filter(state=SisImport.State.IMPORTING)

    def pending(self) -> SisImportQuerySet:
        return self.filter(state__in=SisImport.PENDING)

    def silent(self) -> SisImportQuerySet:
        """Those that are said to run, but nobody does it any more."""
        return self.running().filter(seen_at__lt=timezone.now() - SILENCE)


class SisImport(models.Model):
    """One import of one or several files. The uploaded files themselves live until it has ended."""

    class State(models.TextChoices):
        """Those of the contract (§8.2) that can be here."""

        CREATED = "created", _("waiting")
        IMPORTING = "importing", _("running")
        IMPORTED = "imported", _("done")
        IMPORTED_WITH_MESSAGES = "imported_with_messages", _("done, with messages")
        FAILED_WITH_MESSAGES = "failed_with_messages", _("failed")
        ABORTED = "aborted", _("stopped")

    PENDING = [State.CREATED, State.IMPORTING]

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    # As whom, and by whom, it was asked for; both are empty for the command line.
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    real_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    address = models.GenericIPAddressField(null=True)
    state = models.CharField(max_length=22, choices=State.choices, default=State.CREATED)
    files = models.JSONField(default=list)
    # The folder with the uploaded files; "" once they are gone, and for the command line.
    upload = models.CharField(max_length=32, blank=True)
    # Warnings that were known when it was asked for.
    foretold = models.JSONField(default=list)
    skip_deletes = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    # Which run it is that may write here, how many there were, and when it was last heard of.
    run = models.CharField(max_length=32, blank=True)
    runs = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(null=True)

    kinds = models.JSONField(default=list)
    lines = models.PositiveIntegerField(default=0)
    lines_done = models.PositiveIntegerField(default=0)
    # {"users": {"created": 1, "updated": 0, "deleted": 0}, …}; and how many rows of each it took.
    changes = models.JSONField(default=dict)
    taken = models.JSONField(default=dict)
    unchanged = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    warning_count = models.PositiveIntegerField(default=0)

    objects = SisImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "created",
                        "importing",
                        "imported",
                        "imported_with_messages",
                        "failed_with_messages",
                        "aborted",
                    ]
                ),
                name="sis_import_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["created", "importing"], ended_at=None)
                | (~Q(state__in=["created", "importing"]) & Q(ended_at__isnull=False)),
                name="sis_import_ends_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="importing")
                | (Q(started_at__isnull=False, seen_at__isnull=False) & ~Q(run="")),
                name="sis_import_runs_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(lines_done__lte=F("lines")), name="sis_import_done_of_lines"
            ),
            models.UniqueConstraint(
                fields=["root_account"],
                condition=Q(state="importing"),
                name="sis_import_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["root_account", "-id"], name="sis_import_newest_first"),
            models.Index(
                fields=["state"],
                condition=Q(state__in=["created", "importing"]),
                name="sis_import_pending",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.pk} ({self.state})"

    @property
    def is_pending(self) -> bool:
        return self.state in self.PENDING

    @property
    def is_running(self) -> bool:
        return self.state == self.State.IMPORTING

    @property
    def is_silent(self) -> bool:
        """Whether it is said to run, but nobody does it any more."""
        heard = self.seen_at or self.created_at
        return self.is_running and heard < timezone.now() - SILENCE

    @property
    def progress(self) -> int:
        """In percent; 100 is only for what has come to its end."""
        if not self.is_pending and self.state != self.State.ABORTED:
            return 100
        return min(99, 100 * self.lines_done // self.lines) if self.lines else 0

    @property
    def total_changes(self) -> int:
        return sum(sum(counts.values()) for counts in self.changes.values())


class ImportProblem(models.Model):
    """A row, or without a line a file, and why it was not taken, or not wholly."""

    sis_import = models.ForeignKey(
        SisImport, models.CASCADE, related_name="problems", db_index=False
    )
    is_error = models.BooleanField()
    # Counted from 1 in each import, errors and warnings apart.
    number = models.PositiveIntegerField()
    file = models.CharField(max_length=600)
    line = models.PositiveIntegerField(null=True)
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sis_import", "is_error", "number"], name="sis_problem_told_once"
            )
        ]
        indexes = [
            models.Index(fields=["sis_import", "file", "line"], name="sis_problem_by_place"),
        ]

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{where}: {self.reason}"
