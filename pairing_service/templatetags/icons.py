"""Icons, drawn by us on a 20 px grid (spec/look.md "Icons")."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# What points somewhere is mirrored where text runs from right to left.
_DIRECTED = {"chevron", "leave"}
_DRAWINGS = {
    "copy": '<rect x="7" y="7" width="9.5" height="9.5" rx="2"/><path d="M4.5 13H4a1.5 1.5 0 0 1-1.5-1.5V4A1.5 1.5 0 0 1 4 2.5h7.5A1.5 1.5 0 0 1 13 4v.5"/>',
    "print": '<path d="M6 7V2.5h8V7M6 14H4a1.5 1.5 0 0 1-1.5-1.5v-4A1.5 1.5 0 0 1 4 7h12a1.5 1.5 0 0 1 1.5 1.5v4A1.5 1.5 0 0 1 16 14h-2"/><path d="M6 11.5h8v6H6z"/>',
    "share": '<path d="M10 12.5v-10M6.5 6 10 2.5 13.5 6M6 9H4.5v8.5h11V9H14"/>',
    "check": '<path d="m4 10.5 4 4 8-9"/>',
    "warning": '<path d="M10 2.8 18 17H2zM10 8v4"/><path d="M10 14.4v.1"/>',
    "info": '<circle cx="10" cy="10" r="7.5"/><path d="M10 9.5v4.5M10 6.4v.1"/>',
    "person": '<circle cx="10" cy="6.5" r="3.5"/><path d="M3.5 17.5c0-3.6 2.9-5.5 6.5-5.5s6.5 1.9 6.5 5.5"/>',
    "people": '<circle cx="7.5" cy="7" r="3"/><path d="M2 16.5c0-3.1 2.4-4.7 5.5-4.7s5.5 1.6 5.5 4.7M13 4.3a3 3 0 0 1 0 5.4M15.2 12.3c1.8.7 2.8 2.1 2.8 4.2"/>',
    "course": '<path d="M10 5.5C8 4 5.5 3.5 2.5 3.5v11.5c3 0 5.5.5 7.5 2 2-1.5 4.5-2 7.5-2V3.5c-3 0-5.5.5-7.5 2zM10 5.5V17"/>',
    "settings": '<path d="M2.5 5.5h7M14.5 5.5h3M2.5 14.5h3M10.5 14.5h7"/><circle cx="12" cy="5.5" r="2.5"/><circle cx="8" cy="14.5" r="2.5"/>',
    "key": '<circle cx="6.5" cy="13.5" r="4"/><path d="m9.5 10.5 7.5-7.5M13 7l2.5 2.5"/>',
    "search": '<circle cx="8.5" cy="8.5" r="5.5"/><path d="m12.5 12.5 5 5"/>',
    "chevron": '<path d="m7.5 4.5 5.5 5.5-5.5 5.5"/>',
    "close": '<path d="m5 5 10 10M15 5 5 15"/>',
    "plus": '<path d="M10 3.5v13M3.5 10h13"/>',
    "lock": '<rect x="4" y="9" width="12" height="8.5" rx="1.5"/><path d="M6.5 9V6a3.5 3.5 0 0 1 7 0v3"/>',
    "menu": '<path d="M3 5.5h14M3 10h14M3 14.5h14"/>',
    "link": '<circle cx="7" cy="10" r="4.5"/><path d="M10.3 6.9a4.5 4.5 0 1 1 0 6.2"/>',
    "clock": '<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5V10l3 2"/>',
    "mail": '<rect x="2.5" y="4" width="15" height="12" rx="1.5"/><path d="m3 5.5 7 5.5 7-5.5"/>',
    "home": '<path d="M2.5 9.5 10 3l7.5 6.5M4.5 8v9h11V8M8.5 17v-5h3v5"/>',
    "account": '<path d="M3 17.5V7l7-4.5L17 7v10.5zM1.5 17.5h17M8 17.5V13h4v4.5M7 9.5h.1M13 9.5h-.1"/>',
    "tree": '<path d="M7 2.5h6v4.5H7zM2 13h6v4.5H2zM12 13h6v4.5h-6zM10 7v3M5 13v-3h10v3"/>',
    "upload": '<path d="M10 13V3M6 7l4-4 4 4M3 13.5v4h14v-4"/>',
    "download": '<path d="M10 3v10M6 9l4 4 4-4M3 13.5v4h14v-4"/>',
    "list": '<path d="M7 5h10.5M7 10h10.5M7 15h10.5M3 5h.1M3 10h.1M3 15h.1"/>',
    "shield": '<path d="M10 2.5 16.5 5v5c0 4-3 6.5-6.5 7.5C6.5 16.5 3.5 14 3.5 10V5z"/><path d="m7 10 2 2 4-4"/>',
    "eye": '<path d="M1.5 10C3.5 6.5 6.5 5 10 5s6.5 1.5 8.5 5c-2 3.5-5 5-8.5 5s-6.5-1.5-8.5-5z"/><circle cx="10" cy="10" r="2.5"/><path class="icon__slash" d="m3 3 14 14"/>',
    "edit": '<path d="m3 17 1-4L14 3l3 3L7 16zM12 5l3 3"/>',
    "trash": '<path d="M3 5.5h14M8 5.5v-3h4v3M5 5.5l.8 12h8.4l.8-12M8.5 9v5M11.5 9v5"/>',
    "more": '<path d="M4.5 10h.1M10 10h.1M15.5 10h.1" stroke-width="2.5"/>',
    "globe": '<circle cx="10" cy="10" r="7.5"/><path d="M2.5 10h15M10 2.5c2.5 2 3.5 4.5 3.5 7.5s-1 5.5-3.5 7.5c-2.5-2-3.5-4.5-3.5-7.5s1-5.5 3.5-7.5z"/>',
    "qr": '<path d="M3 3h5v5H3zM12 3h5v5h-5zM3 12h5v5H3zM12 12h2v2h-2zM17 12v.1M17 17v.1M12 17v.1M14.5 14.5v.1"/>',
    "leave": '<path d="M8 3H3.5v14H8M8 10h9.5M14 6.5l3.5 3.5-3.5 3.5"/>',
}  # fmt: skip


@register.simple_tag
def icon(name: str) -> SafeString:
    """The icon of this name. Always beside a word, so hidden from screen readers."""
    return _ICONS[name]


def _icon(name: str, drawing: str) -> SafeString:
    directed = " icon--directed" if name in _DIRECTED else ""
    return mark_safe(  # noqa: S308
        f'<svg class="icon{directed}" viewBox="0 0 20 20" width="20" height="20"'
        f' aria-hidden="true" focusable="false">{drawing}</svg>'
    )


_ICONS = {name: _icon(name, drawing) for name, drawing in _DRAWINGS.items()}
