"""Input of the course pages: what narrows a list down."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.people import role_name
from permissions.models import Role


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
