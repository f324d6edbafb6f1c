"""Input of the course pages: what narrows a list down, a new course."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.models import Course, Section
from courses.people import role_name
from pairing_service.moments import refuse_far_days
from pairing_service.naming import NameField
from permissions.models import Role

# As browsers send it.
_MOMENT = "%Y-%m-%dT%H:%M"


class PeopleFilter(forms.Form):
    """The roles of a course's people, as a choice. Anything else given is no filter."""

    role = forms.ChoiceField(label=_("Role"), required=False)

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(role.pk), role_name(role)) for role in roles]
        self.fields["role"].choices = [("", _("All roles")), *choices]  # type: ignore[attr-defined]

    @property
    def role_id(self) -> int | None:
        """The role that was chosen, if it is one of the course's."""
        chosen = self.cleaned_data.get("role") if self.is_valid() else None
        return int(chosen) if chosen else None


class PeopleField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Ticked people. What is no id is left out: it would not fit into the database's integers."""

    def clean(self, value: Any) -> Any:
        return super().clean([one for one in value or [] if len(one) < 19])


class EnrolForm(forms.Form):
    """Whom to add to a course, as what, into which section."""

    people = PeopleField(
        queryset=User.objects.none(), error_messages={"required": _("Find somebody and tick them.")}
    )
    role = forms.ModelChoiceField(label=_("Role"), queryset=Role.objects.none(), empty_label=None)
    section = forms.ModelChoiceField(
        label=_("Section"), queryset=Section.objects.none(), empty_label=None
    )

    def __init__(
        self,
        *args: Any,
        people: QuerySet[User],
        roles: QuerySet[Role],
        sections: QuerySet[Section],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        querysets = {"people": people, "role": roles, "section": sections}
        for name, queryset in querysets.items():
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]
        self.fields["role"].label_from_instance = role_name  # type: ignore[attr-defined]


class CoursesFilter(forms.Form):
    """Which courses of an account are listed."""

    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("All courses")),
            ("published", _("Published")),
            ("unpublished", _("Not published")),
            ("concluded", _("Concluded")),
        ],
    )

    def __init__(self, *args: Any, has_deleted: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_deleted:
            self.fields["show"].choices += [("deleted", _("Deleted"))]  # type: ignore[attr-defined]


class CourseNamesForm(forms.Form):
    """What a course is called."""

    name = NameField(
        label=_("Name"),
        max_length=255,
        error_messages={"required": _("A course needs a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    course_code = NameField(
        label=_("Code"),
        max_length=255,
        required=False,
        help_text=_("Short, as on the timetable. Empty: the name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CourseForm(CourseNamesForm):
    """A new course."""

    state = forms.ChoiceField(
        label=_("Is it published?"),
        choices=[
            (Course.State.AVAILABLE, _("Yes: people find it on their first page")),
            (Course.State.UNPUBLISHED, _("Not yet")),
        ],
        initial=Course.State.AVAILABLE,
        widget=forms.RadioSelect,
    )


class MomentField(forms.DateTimeField):
    """A day and a time, in the reader's time zone, by the browser's own control."""

    default_validators = [refuse_far_days]

    def __init__(self, **more: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT)
        super().__init__(
            widget=widget,
            required=False,
            input_formats=[_MOMENT, f"{_MOMENT}:%S"],
            error_messages={"invalid": _("Choose a day and a time.")},
            **more,
        )


class CourseSettingsForm(CourseNamesForm):
    """What a course is called, and when it is."""

    start_at = MomentField(label=_("Begins"))
    end_at = MomentField(label=_("Ends"), help_text=_("From then on the course is concluded."))

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "name": course.name,
            "course_code": course.course_code,
            # Without the seconds, which are not shown: they are no change.
            "start_at": course.start_at and course.start_at.replace(second=0, microsecond=0),
            "end_at": course.end_at and course.end_at.replace(second=0, microsecond=0),
        }
        super().__init__(*args, **kwargs)

    def clean_course_code(self) -> str:
        """Without one the name, as for a new course."""
        return str(self.cleaned_data["course_code"] or self.cleaned_data.get("name", ""))[:255]

    def clean_end_at(self) -> datetime | None:
        """Said here in a whole sentence; the action refuses it for everybody."""
        start: datetime | None = self.cleaned_data.get("start_at")
        end: datetime | None = self.cleaned_data["end_at"]
        if start and end and end < start:
            raise ValidationError(_("The course would end before it begins."))
        return end
