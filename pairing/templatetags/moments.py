"""Points in time as people say them, in their language and zone (spec/pages.md "Manners")."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import pgettext

register = template.Library()


@register.filter
def moment(time: datetime) -> str:
    """Monday, 30 November, 14:05; with the year when it is another than this one."""
    local = timezone.localtime(time)
    if local.year == timezone.localtime().year:
        return date_format(local, pgettext("date format", "l, j F, H:i"))
    return date_format(local, pgettext("date format", "l, j F Y, H:i"))


@register.filter
def stamp(time: datetime) -> str:
    """Mon, 30 Nov, 14:05, for tables; with the year when it is another than this one."""
    local = timezone.localtime(time)
    if local.year == timezone.localtime().year:
        return date_format(local, pgettext("date format", "D, j M, H:i"))
    return date_format(local, pgettext("date format", "D, j M Y, H:i"))


@register.filter
def day(time: datetime) -> str:
    """Monday, 30 November 2026."""
    return date_format(timezone.localtime(time), pgettext("date format", "l, j F Y"))
