"""What the page of events may be narrowed to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.wording import ALARMING, GROUPS
from pairing_service.moments import refuse_far_days


class _Day(forms.DateField):
    default_validators = [refuse_far_days]

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"type": "date", "min": "1001-01-01", "max": "9998-12-31"}
        widget = forms.DateInput(attrs=attrs, format="%Y-%m-%d")
        super().__init__(required=False, input_formats=["%Y-%m-%d"], widget=widget, **kwargs)


_ALARMING = "alarming"


def _choices() -> Iterator[tuple[Any, Any]]:
    yield "", _("Everything")
    yield _ALARMING, _("Wrong codes and stolen secrets")
    for group, actions in GROUPS.items():
        yield group, list(actions.items())


class EventsFilter(forms.Form):
    """Beside the person: the action, the days (in the reader's zone), the address."""

    action = forms.ChoiceField(label=_("What"), required=False, choices=_choices)
    since = _Day(label=_("From"), error_messages={"invalid": _("“From” must be a day.")})
    until = _Day(label=_("Until"), error_messages={"invalid": _("“Until” must be a day.")})
    address = forms.GenericIPAddressField(
        label=_("Address"),
        required=False,
        error_messages={"invalid": _("“Address” must be a whole one, like 192.0.2.7.")},
        widget=forms.TextInput(attrs={"size": 16, "autocomplete": "off", "spellcheck": "false"}),
    )

    def narrowing(self) -> dict[str, Any]:
        """For `audit.reading.Wanted`."""
        given = self.cleaned_data
        until = given["until"]
        return {
            "actions": _actions(given["action"]),
            "address": given["address"],
            "since": _midnight(given["since"]),
            "until": _midnight(until + timedelta(days=1)) if until else None,
        }


def _actions(chosen: str) -> tuple[str, ...]:
    if chosen == _ALARMING:
        return ALARMING
    return (chosen,) if chosen else ()


def _midnight(day: Any) -> datetime | None:
    """The first moment of a day where the reader is."""
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None
