"""New values for a course or a section: what differs, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from courses.models import Course, Section

# What has a right of its own.
SIS_FIELDS = {"sis_id", "integration_id"}


def save(row: Course | Section, fields: Iterable[str] | None = None) -> None:
    """A new row, or just these fields of an old one. Raises ValidationError when an import has
    just taken the SIS id."""
    try:
        with transaction.atomic():
            row.save(update_fields=None if fields is None else [*fields, "updated_at"])
    except IntegrityError as error:
        raise ValidationError({"sis_id": _taken()}) from error


def change(row: Course | Section, fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Put the values into the row, unsaved; what was and what is, of those that differ.

    Raises ValidationError with every wrong field.
    """
    before = {name: getattr(row, name) for name in fields}
    for name, value in fields.items():
        setattr(row, name, value)
    _check(row, fields)
    changed = [name for name in fields if before[name] != getattr(row, name)]
    return (
        {name: _told(before[name]) for name in changed},
        {name: _told(getattr(row, name)) for name in changed},
    )


def _check(row: Course | Section, fields: dict[str, Any]) -> None:
    given = {name for name, value in fields.items() if value is not None}
    errors: dict[str, Any] = {}
    try:
        row.clean_fields(exclude={field.name for field in row._meta.fields} - given)
    except ValidationError as error:
        errors |= error.error_dict
    if row.start_at and row.end_at and row.end_at < row.start_at:
        errors["end_at"] = ValidationError(_("is before the start"), code="invalid")
    if fields.get("sis_id") and _others(row).filter(sis_id=fields["sis_id"]).exists():
        errors["sis_id"] = _taken()
    if errors:
        raise ValidationError(errors)


def _taken() -> ValidationError:
    return ValidationError(_("is already in use"), code="taken")


def _others(row: Course | Section) -> Any:
    model: type[Any] = type(row)
    return model.objects.filter(root_account=row.root_account_id).exclude(pk=row.pk)


def _told(value: Any) -> Any:
    """As events keep it."""
    return value.pk if isinstance(value, Model) else value
