"""The mission: pairing codes, observation links, and counts of wrong guesses."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from courses.models import Course


class PairingCodeQuerySet(models.QuerySet["PairingCode"]):
    def live(self) -> PairingCodeQuerySet:
        return self.filter(state=PairingCode.State.ACTIVE, expires_at__gt=timezone.now())


class PairingCode(models.Model):
    """A secret that, once, links whoever redeems it to one student. Its text is not kept."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        REDEEMED = "redeemed", _("redeemed")
        REVOKED = "revoked", _("revoked")
        SUPERSEDED = "superseded", _("superseded")
        EXPIRED = "expired", _("expired")

    class Surface(models.TextChoices):
        OWN_SETTINGS = "own_settings", _("own settings")
        SETTINGS_ACTING = "settings_acting", _("settings, acting as the student")
        USER_DETAILS = "user_details", _("user details in a course")
        COURSE_EXPORT = "course_export", _("export for a course")
        ACCOUNT_EXPORT = "account_export", _("export for an account")
        REST = "rest", _("REST")
        COMMAND = "command", _("command line")

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    student = models.ForeignKey(User, models.CASCADE, related_name="pairing_codes", db_index=False)
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    surface = models.CharField(max_length=15, choices=Surface.choices)
    course = models.ForeignKey(Course, models.SET_NULL, null=True, related_name="+", db_index=False)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=2)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    redeemed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = PairingCodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["active", "redeemed", "revoked", "superseded", "expired"]),
                name="code_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="redeemed", redeemed_by__isnull=False)
                | (~Q(state="redeemed") & Q(redeemed_by=None)),
                name="code_redeemed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="active", ended_at=None)
                | (~Q(state="active") & Q(ended_at__isnull=False)),
                name="code_ends_once",
            ),
        ]
        indexes = [models.Index(fields=["student", "state"], name="code_of_student")]

    def __str__(self) -> str:
        return f"…{self.hint} for user {self.student_id}"


class ObservationLinkQuerySet(models.QuerySet["ObservationLink"]):
    def active(self) -> ObservationLinkQuerySet:
        return self.filter(state=ObservationLink.State.ACTIVE)

    def questioned(self) -> ObservationLinkQuerySet:
        """Those of which the student says that they aren't right."""
        return self.active().filter(questioned_at__isnull=False)


class ObservationLink(models.Model):
    """Observer ↔ student. One row per pair for ever; removing and restoring change its state."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        DELETED = "deleted", _("deleted")

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    observer = models.ForeignKey(
        User, models.CASCADE, related_name="observee_links", db_index=False
    )
    student = models.ForeignKey(User, models.CASCADE, related_name="observer_links")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    linked_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    # Set while the student says that this observer isn't right, and nobody has looked into it.
    questioned_at = models.DateTimeField(null=True)

    objects = ObservationLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["observer", "student"], name="link_once_per_pair"),
            models.CheckConstraint(
                condition=~Q(observer=F("student")), name="nobody_observes_themself"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["active", "deleted"]), name="link_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["student"],
                condition=Q(questioned_at__isnull=False),
                name="link_questioned",
            )
        ]

    def __str__(self) -> str:
        return f"user {self.observer_id} observes user {self.student_id}"


class WrongGuesses(models.Model):
    """How often one subject guessed a code wrong in its current window (spec "Redeeming" 5)."""

    class Subject(models.TextChoices):
        USER = "user"
        ADDRESS = "address"
        BROWSER = "browser"
        TENANT = "tenant"

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    subject = models.CharField(max_length=7, choices=Subject.choices)
    key = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)
    window_ends_at = models.DateTimeField()
    last_wrong_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["root_account", "subject", "key"], name="wrong_guesses_once_per_subject"
            )
        ]
