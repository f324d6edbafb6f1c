"""Where: courses, their sections, and the people enrolled in them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from pairing_service.naming import NameColumn
from permissions.models import Role


class CourseQuerySet(models.QuerySet["Course"]):
    def existing(self) -> CourseQuerySet:
        return self.exclude(state=Course.State.DELETED)


class Course(models.Model):
    class State(models.TextChoices):
        UNPUBLISHED = "unpublished", _("unpublished")
        AVAILABLE = "available", _("published")
        COMPLETED = "completed", _("concluded")
        DELETED = "deleted", _("deleted")

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="courses")
    name = NameColumn(max_length=255)
    course_code = NameColumn(max_length=255)
    sis_id = models.CharField(max_length=255, null=True)
    integration_id = models.CharField(max_length=255, null=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    state = models.CharField(max_length=11, choices=State.choices, default=State.UNPUBLISHED)
    start_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CourseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["root_account", "sis_id"], name="course_sis_id_once")
        ]
        indexes = [models.Index(fields=["account", "name"], name="course_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_concluded(self) -> bool:
        """Concluded by hand or by its end date (spec/permissions.md "Answering")."""
        past = self.end_at is not None and self.end_at < timezone.now()
        return past or self.state == self.State.COMPLETED


class Section(models.Model):
    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        DELETED = "deleted", _("deleted")

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    course = models.ForeignKey(Course, models.CASCADE, related_name="sections")
    name = NameColumn(max_length=255)
    sis_id = models.CharField(max_length=255, null=True)
    integration_id = models.CharField(max_length=255, null=True)
    # The section that a course has from the start; people without another one are in it.
    is_default = models.BooleanField(default=False)
    state = models.CharField(max_length=7, choices=State.choices, default=State.ACTIVE)
    start_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["root_account", "sis_id"], name="section_sis_id_once"),
            models.UniqueConstraint(
                fields=["course"], condition=Q(is_default=True), name="default_section_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    """Conditions in the words of spec/pairing.md; `courses.rules` holds the same as Q objects."""

    def live(self) -> EnrolmentQuerySet:
        """Active ones, in courses that have not been deleted."""
        return self.filter(state=Enrolment.State.ACTIVE).exclude(course__state=Course.State.DELETED)

    def students(self) -> EnrolmentQuerySet:
        return self.filter(type=Enrolment.Type.STUDENT)


class Enrolment(models.Model):
    """A person in a section of a course, in one role.

    `type` is the role's base role, kept beside it for the index. `activated_at` is set only by the
    person's own acceptance, an import or an administrator: until then the enrolment lends nobody
    any right over the person (spec/pairing.md "counts").
    """

    class Type(models.TextChoices):
        STUDENT = "StudentEnrollment", _("Student")
        TEACHER = "TeacherEnrollment", _("Teacher")
        TA = "TaEnrollment", _("Teaching assistant")
        DESIGNER = "DesignerEnrollment", _("Designer")
        OBSERVER = "ObserverEnrollment", _("Observer")

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        INVITED = "invited", _("invited")
        CREATION_PENDING = "creation_pending", _("pending")
        COMPLETED = "completed", _("concluded")
        INACTIVE = "inactive", _("inactive")
        REJECTED = "rejected", _("declined")
        DELETED = "deleted", _("deleted")

    # What waits for the person's answer.
    UNANSWERED = (State.INVITED, State.CREATION_PENDING)

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="enrolments")
    course = models.ForeignKey(Course, models.CASCADE, related_name="enrolments", db_index=False)
    section = models.ForeignKey(Section, models.CASCADE, related_name="enrolments", db_index=False)
    role = models.ForeignKey(Role, models.PROTECT, related_name="enrolments", db_index=False)
    type = models.CharField(max_length=18, choices=Type.choices)
    state = models.CharField(max_length=16, choices=State.choices)
    associated_user = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="observer_enrolments", db_index=False
    )
    activated_at = models.DateTimeField(null=True)
    limited_to_section = models.BooleanField(default=False)
    start_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["section", "user", "role"],
                condition=Q(associated_user=None),
                name="enrolment_once",
            ),
            models.UniqueConstraint(
                fields=["section", "user", "role", "associated_user"],
                condition=Q(associated_user__isnull=False),
                name="observer_enrolment_once_per_student",
            ),
            models.CheckConstraint(
                condition=Q(associated_user=None) | Q(type="ObserverEnrollment"),
                name="only_observers_have_associated_user",
            ),
            models.CheckConstraint(
                condition=Q(associated_user=None) | ~Q(associated_user=models.F("user")),
                name="nobody_observes_themself_in_a_course",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "active",
                        "invited",
                        "creation_pending",
                        "completed",
                        "inactive",
                        "rejected",
                        "deleted",
                    ]
                ),
                name="enrolment_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["course", "type", "state"], name="enrolment_in_course"),
            models.Index(
                fields=["associated_user"],
                condition=Q(associated_user__isnull=False),
                name="enrolment_for_student",
            ),
        ]

    def __str__(self) -> str:
        return f"user {self.user_id} in course {self.course_id} ({self.type}, {self.state})"
