"""What every page's frame shows: filled in by the request alone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Account, User
from pairing_service.statements import every
from permissions.grants import grants_of

Item = dict[str, Any]

PEOPLE, IMPORTS = "accounts:account-people", "sis:imports"


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context `frame` (templates/base.html); empty where no tenant answers."""
    root_account: Account | None = getattr(request, "root_account", None)
    if root_account is None:
        return {}
    actor: Actor | None = getattr(request, "actor", None)
    person = actor.person if actor else None
    shown: dict[str, Any] = {
        "account_name": root_account.name,
        "home_url": reverse("accounts:home"),
        "languages": _languages(),
        "language_url": reverse("accounts:language"),
        "path": _way_back(request),
    }
    if actor is None or person is None:
        login_url = reverse("account_login")
        is_there = request.path in (login_url, shown["home_url"])
        return {"frame": shown | {"login_url": None if is_there else login_url}}
    shown |= {
        "person": person,
        "logout_url": reverse("account_logout"),
        "acting": _acting(actor),
        "menu": _menu(request, actor, person),
        **_rail(request),
    }
    if actor.is_acting:
        # The pages are in the language of the person acted as, which is theirs to change.
        del shown["languages"]
    return {"frame": shown}


def _way_back(request: HttpRequest) -> str:
    """Where a change of language leads back to; what a form answered has no address of its own."""
    if request.method == "GET":
        return request.get_full_path()
    return getattr(request, "page_url", None) or request.path


def _languages() -> list[Item]:
    current = translation.get_language()
    return [
        {"code": code, "name": name, "current": code == current}
        for code, name in settings.LANGUAGES
    ]


def _acting(actor: Actor) -> dict[str, str] | None:
    if not actor.is_acting or actor.real is None or actor.person is None:
        return None
    return {
        "real_name": actor.real.name,
        "person_name": actor.person.name,
        "stop_url": reverse("accounts:act-as-stop"),
    }


def _menu(request: HttpRequest, actor: Actor, person: User) -> list[Item]:
    """The person's own pages: only those that are of use to them."""
    if person == actor.real and person.one_time_password_until is not None:
        return []
    administers = bool(grants_of(actor, person).administers)
    enrolled, observes = _is_enrolled_and_observes(person)
    # Who has nothing else here came to pair.
    observing = observes or not (enrolled or administers)
    items = [(_("Accounts"), "accounts:account-list")] if administers else []
    items += [(_("Courses"), "courses:course-list")] if enrolled else []
    items += [(_("Observing"), "pairing:observees")] if observing else []
    items += [(_("Settings"), "accounts:settings")]
    menu = [_item(request, label, reverse(name)) for label, name in items]
    # A person's page has another address than the account's, and the account's rail.
    menu[0]["current"] |= administers and getattr(request, "account", None) is not None
    return menu


def _is_enrolled_and_observes(person: User) -> tuple[bool, bool]:
    """One statement: whether the person is in any course, and whether they observe anyone."""
    [(enrolled, observes)] = every(_ENROLLED_AND_OBSERVES, person=person.pk)
    return bool(enrolled), bool(observes)


# By hand: every page asks it, and composing it would take longer than the rest of the frame.
_ENROLLED_AND_OBSERVES = """
SELECT EXISTS (SELECT 1 FROM courses_enrolment
                WHERE user_id = %(person)s AND state NOT IN ('deleted', 'rejected')),
       EXISTS (SELECT 1 FROM pairing_observationlink
                WHERE observer_id = %(person)s AND state = 'active')
"""


def _item(request: HttpRequest, label: str, url: str, **more: str) -> Item:
    is_current = request.path == url or request.path.startswith(f"{url}/")
    return {"label": label, "url": url, "current": is_current, **more}


def _rail(request: HttpRequest) -> dict[str, Any]:
    """The pages of the account that the view has set as `request.account`."""
    account: Account | None = getattr(request, "account", None)
    if account is None:
        return {}
    overview = reverse("accounts:account", args=[account.pk])
    items = [_item(request, _("Overview"), overview, icon="account")]
    # Everything else lies below the overview's address.
    items[0]["current"] = request.path == overview
    for shown_if, label, name, icon in (
        ("may_see_people", _("People"), PEOPLE, "people"),
        ("may_see_courses", _("Courses"), "courses:account-courses", "course"),
        ("may_manage", _("Sub-accounts"), "accounts:sub-accounts", "tree"),
        ("may_manage_roles", _("Permissions"), "permissions:grid", "key"),
        ("may_manage_admins", _("Administrators"), "accounts:admins", "person"),
        ("may_import", _("Imports"), IMPORTS, "upload"),
        ("may_manage_keys", _("Developer keys"), "oauth:developer-keys", "link"),
        ("may_see_events", _("Events"), "audit:events", "clock"),
        ("may_manage", _("Settings"), "accounts:account-settings", "settings"),
    ):
        if getattr(account, shown_if, False) and (name != IMPORTS or account.is_root):
            items.append(_item(request, label, reverse(name, args=[account.pk]), icon=icon))
            items[-1]["current"] |= name == PEOPLE and request.path.startswith("/users/")
    return {"rail": items, "rail_heading": account.name}
