"""Input of the permissions pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.models import Role


class RoleFilter(forms.Form):
    """What narrows the permissions down. Anything else given is no filter."""

    show = forms.ChoiceField(
        label=_("Permissions"),
        required=False,
        choices=[("", _("Enforced here")), ("all", _("All"))],
    )

    @property
    def enforced_only(self) -> bool:
        return self._chosen("show") != "all"

    def _chosen(self, name: str) -> str:
        self.is_valid()
        chosen: str = self.cleaned_data.get(name, "")
        return chosen


class GridFilter(RoleFilter):
    """And the roles."""

    role = forms.ChoiceField(label=_("Role"), required=False)
    field_order = ["role", "show"]

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(role.pk), role.label) for role in roles]
        self.fields["role"].choices = [("", _("All roles")), *choices]  # type: ignore[attr-defined]

    @property
    def role_id(self) -> int | None:
        chosen = self._chosen("role")
        return int(chosen) if chosen else None
