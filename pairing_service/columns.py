"""The headings of a list that can be sorted."""

from __future__ import annotations

from collections.abc import Mapping


def columns(labels: Mapping[str, str], sorted_by: str) -> list[dict[str, str]]:
    """For `_columns.html`: a label, what `sort` a click asks for (again: the other way), the order
    now. `labels` are by what `sort` calls them, `sorted_by` is "login" or, backwards, "-login"."""
    order = "descending" if sorted_by.startswith("-") else "ascending"
    field = sorted_by.removeprefix("-")
    return [
        {
            "label": label,
            "sort": f"-{name}" if name == sorted_by else name,
            "order": order if name == field else "",
        }
        for name, label in labels.items()
    ]
