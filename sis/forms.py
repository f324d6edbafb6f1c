"""Forms of the pages about imports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sis.uploads import MOST_FILES


class _ManyFiles(forms.FileInput):
    """One field for all files; they may be dropped on it, too."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"multiple": True, "accept": ".csv,.zip,text/csv,application/zip"})


class _FilesField(forms.FileField):
    widget = _ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, list) else [data]
        if len(files) > MOST_FILES:
            raise forms.ValidationError(_("That are too many files at once: put them into a zip."))
        return [super(_FilesField, self).clean(file, initial) for file in files or [None]]


class UploadForm(forms.Form):
    """The files to import."""

    roster = _FilesField(
        label=_("Files"),
        help_text=_(
            "CSV files, or a zip of them: accounts, courses, sections, users, enrollments, admins,"
            " user_observers. Which is which is told by the first line, so names don't matter."
            " Choose them, or drop them on the field."
        ),
        error_messages={
            "required": _("Choose at least one file."),
            "empty": _("One of the files is empty."),
        },
    )
    skip_deletes = forms.BooleanField(
        label=_("Leave out rows that delete"),
        help_text=_("Rows with the status “deleted” are passed over."),
        required=False,
    )


class ProblemsFilter(forms.Form):
    """Which of an import's messages are listed."""

    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("All")),
            ("errors", _("Errors")),
            ("warnings", _("Warnings")),
        ],
    )
