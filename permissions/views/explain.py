"""Why may, or may not, this person do this: a form, the answer, its picture, what would change it.

It only reads, so it is asked by GET: an explanation has an address that can be passed on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import TenantRequest
from accounts.models import Account, User
from accounts.sight import account_in_sight, crumbs_along, lineage
from permissions.explaining.explain import Explanation, Place, Question, explain
from permissions.explaining.links import link_of
from permissions.explaining.questions import (
    Unclear,
    Unknown,
    find_person,
    find_place,
    people_named,
    places_named,
    question_of,
)
from permissions.explaining.shown import ShownProposal, ShownWay, shown_proposals, shown_ways
from permissions.explaining.telling import answer, context_code, reasons
from permissions.forms import QuestionForm
from permissions.grid import Kind
from permissions.panels import to_grid
from permissions.rules import MANAGE_OVERRIDES


class Several(Exception):
    """Which one is meant: `choices` are (label, what to ask with instead)."""

    def __init__(self, field: str, choices: list[tuple[str, str]]) -> None:
        super().__init__(_("Several fit: choose one."))
        self.field = field
        self.choices = choices


@dataclass(frozen=True)
class Shown:
    """What the page tells of an explanation."""

    explained: Explanation
    answer: str
    reasons: list[str]
    before: list[ShownWay]
    ways: list[ShownWay]
    proposals: list[ShownProposal]

    @property
    def nearest(self) -> ShownWay | None:
        return self.ways[0] if self.ways else None


@require_safe
def explain_page(request: TenantRequest, account_id: int) -> HttpResponse:
    """The form; with a question in the address also the answer."""
    account = account_in_sight(request, account_id, required=MANAGE_OVERRIDES)
    form = QuestionForm(request.GET if "person" in request.GET else None, account=account)
    shown, choices = None, []
    if form.is_valid():
        try:
            asked = _question(request, account, form.cleaned_data)
            shown, form = _shown(request, asked.question), _again(request, account, asked)
        except (Unclear, Unknown, Several) as error:
            form.add_error(form.field_of(error.field), str(error))
            choices = _choices(request, error) if isinstance(error, Several) else []
    context = {
        "account": account,
        "breadcrumbs": crumbs_along(
            lineage(request, account), to_grid(account, Kind.COURSE), (_("Explain"), "")
        ),
        "form": form,
        "shown": shown,
        "choices": choices,
    }
    status = 422 if form.errors else 200
    return render(request, "permissions/explain.html", context, status=status)


@dataclass(frozen=True)
class Asked:
    """The question, and what it was made of."""

    question: Question
    what: str
    person: User
    target: User | None
    place: Place


def _question(request: TenantRequest, account: Account, given: dict[str, Any]) -> Asked:
    kind, _sign, name = given["what"].partition(":")
    person = _person(request, "person", given["person"])
    target = _person(request, "target", given["target"]) if given["target"] else None
    place = _place(request, account, given["context"]) if given["context"] else account
    question = question_of(
        request.actor,
        person=person,
        action=name if kind == "action" else "",
        permission=name if kind == "permission" else "",
        target=target,
        place=place,
    )
    return Asked(question, given["what"], person, target, place)


def _again(request: TenantRequest, account: Account, asked: Asked) -> QuestionForm:
    """The form with the same question in it: names, where a name finds just that one."""

    def text_of(user: User | None) -> str:
        if user is None:
            return ""
        return user.name if people_named(request.actor, user.name) == [user] else str(user.pk)

    place = asked.place
    named = places_named(request.actor, account, place.name) == [place]
    words = {
        "person": text_of(asked.person),
        "what": asked.what,
        "target": text_of(asked.target),
        "context": place.name if named else context_code(place),
    }
    return QuestionForm(initial=words, account=account)


def _person(request: TenantRequest, field: str, text: str) -> User:
    """By login or id, else by name if there is one of that name."""
    try:
        return find_person(request.actor, field, text)
    except Unknown:
        found = people_named(request.actor, text)
        if not found:
            raise
        if len(found) > 1:
            raise Several(field, [(user.name, str(user.pk)) for user in found]) from None
        return find_person(request.actor, field, str(found[0].pk))


def _place(request: TenantRequest, account: Account, text: str) -> Place:
    try:
        return find_place(request.actor, text, within=account)
    except (Unclear, Unknown):
        found = places_named(request.actor, account, text)
        if not found:
            raise Unknown("context", text) from None
        if len(found) > 1:
            labels = [(_place_label(place), context_code(place)) for place in found]
            raise Several("context", labels) from None
        return find_place(request.actor, context_code(found[0]), within=account)


def _place_label(place: Place) -> str:
    account = getattr(place, "account", None)
    if account is None:
        return place.name
    return _("%(course)s (course in %(account)s)") % {"course": place.name, "account": account.name}


def _choices(request: TenantRequest, error: Several) -> list[tuple[str, str]]:
    """Each with the address that asks with it."""
    addresses = []
    for label, value in error.choices:
        query = request.GET.copy()
        query[error.field] = value
        addresses.append((label, f"{request.path}?{query.urlencode()}"))
    return addresses


def _shown(request: TenantRequest, question: Question) -> Shown:
    explained = explain(request.actor, question)
    link: Callable[..., str | None] = link_of(request.actor)
    return Shown(
        explained,
        answer(explained),
        reasons(explained),
        shown_ways(explained.before.ways) if explained.before else [],
        shown_ways(explained.ways),
        shown_proposals(explained.proposals, link),
    )
