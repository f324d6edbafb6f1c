"""What pages of accounts and people look up: only what the actor may see, else 404."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Length
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.middleware import TenantRequest
from accounts.models import Account, User
from accounts.people import people_of
from accounts.rules import (
    ACT_AS,
    ADD_PERSON,
    CHANGE_EMAIL,
    CHANGE_PERSONS_SIS_ID,
    DELETE_PERSON,
    EDIT_DETAILS,
    GIVE_LOGIN,
    MANAGE_ACCOUNT_SETTINGS,
    MANAGE_LOGINS,
    MANAGE_SIGN_ON,
    REPLACE_PASSWORD,
    SEE_PEOPLE_OF_ACCOUNT,
    SET_UP_SIGN_IN,
    SET_UP_SIGN_INS,
    SIGN_OUT,
    SUSPEND,
)
from audit.rules import SEE_EVENTS
from courses.rules import (
    ADD_COURSE,
    ADMINISTER_ACCOUNT,
    SEE_COURSES_OF_ACCOUNT,
    SEE_EMAIL,
    SEE_EMAILS_OF_ACCOUNT,
    SEE_LOGIN,
    SEE_LOGINS_OF,
    SEE_LOGINS_OF_ACCOUNT,
    SEE_SIS_ID,
    SEE_SIS_IDS_OF_ACCOUNT,
    SEE_USER_PAGE,
)
from oauth.rules import MANAGE_DEVELOPER_KEYS
from pairing.rules import MANAGE_OBSERVERS, SEE_LINKS_OF
from permissions.policy import Denied, Rule, answered, answered_one, may, permitted
from permissions.rules import MANAGE_ADMINISTRATORS, MANAGE_OVERRIDES
from sis.rules import IMPORT_SIS

Crumbs = list[tuple[str, str]]

if TYPE_CHECKING:

    class SeenAccount(Account):
        """An account with what the actor may do there."""

        is_permitted: bool  # what was required
        is_administered: bool
        may_see_people: bool
        may_add_people: bool
        may_see_courses: bool
        may_add_courses: bool
        may_manage: bool
        may_manage_sign_on: bool
        may_manage_roles: bool
        may_manage_admins: bool
        may_import: bool
        may_see_events: bool
        may_manage_keys: bool
        may_set_up_sign_ins: bool
        shows_login: bool
        shows_email: bool
        shows_sis_id: bool

    class SeenUser(User):
        """A user with what the actor may see of and do for them."""

        shows_login: bool
        shows_email: bool
        shows_sis_id: bool
        shows_links: bool
        may_manage_observers: bool
        may_act_as: bool
        may_set_up_sign_in: bool
        may_replace_password: bool
        may_edit: bool
        may_change_email: bool
        may_change_sis_id: bool
        shows_logins: bool
        may_manage_logins: bool
        may_give_login: bool
        may_sign_out: bool
        may_suspend: bool
        may_delete: bool


def account_in_sight(
    request: TenantRequest, account_id: int, *, required: Rule | None = None
) -> SeenAccount:
    """The account, with what the actor may do there as attributes; the frame shows its rail.

    Raises Http404 for who does not administer it, Denied when `required` is not permitted.
    """
    seen = permitted(request.actor, ADMINISTER_ACCOUNT).live().filter(pk=account_id)
    rules = _OF_ACCOUNT | ({"is_permitted": required} if required else {})
    account: Any = answered_one(seen, request.actor, **rules)
    if account is None:
        raise Http404
    request.account = account
    if required and not account.is_permitted:
        raise Denied(required)
    return account


_OF_ACCOUNT = {
    "may_see_people": SEE_PEOPLE_OF_ACCOUNT,
    "may_add_people": ADD_PERSON,
    "may_see_courses": SEE_COURSES_OF_ACCOUNT,
    "may_add_courses": ADD_COURSE,
    "may_manage": MANAGE_ACCOUNT_SETTINGS,
    "may_manage_sign_on": MANAGE_SIGN_ON,
    "may_manage_roles": MANAGE_OVERRIDES,
    "may_manage_admins": MANAGE_ADMINISTRATORS,
    "may_import": IMPORT_SIS,
    "may_see_events": SEE_EVENTS,
    "may_manage_keys": MANAGE_DEVELOPER_KEYS,
    "may_set_up_sign_ins": SET_UP_SIGN_INS,
    "shows_login": SEE_LOGINS_OF_ACCOUNT,
    "shows_email": SEE_EMAILS_OF_ACCOUNT,
    "shows_sis_id": SEE_SIS_IDS_OF_ACCOUNT,
}


def lineage(request: TenantRequest, account: Account) -> list[SeenAccount]:
    """The accounts from the root down to this one, which the actor administers.

    Those above tell by `is_administered` whether they do, too.
    """
    chain = account.chain_ids[:-1]
    if not chain:
        return [_as_administered(account)]
    above = Account.objects.filter(pk__in=chain).order_by(Length("path"))
    asked: Any = answered(above, request.actor, is_administered=ADMINISTER_ACCOUNT)
    return [*asked, _as_administered(account)]


def _as_administered(account: Any) -> SeenAccount:
    account.is_administered = True
    seen: SeenAccount = account
    return seen


def breadcrumbs(request: TenantRequest, account: Account, *pages: str) -> Crumbs:
    """From all accounts down to the account, as far as the actor administers them, then `pages`.

    The last one is the page itself and has no address.
    """
    return crumbs_along(lineage(request, account), *((page, "") for page in pages))


def breadcrumbs_below(
    request: TenantRequest, account: Account, parent: tuple[str, str], page: str
) -> Crumbs:
    """The same for a page below another one of the account, `parent`: its label and its address's
    name."""
    label, name = parent
    url = reverse(name, args=[account.pk])
    return crumbs_along(lineage(request, account), (label, url), (page, ""))


def crumbs_along(lineage: Iterable[SeenAccount], *pages: tuple[str, str]) -> Crumbs:
    """The same for accounts that have been looked up; `pages` with their addresses."""
    crumbs = [(_("Accounts"), reverse("accounts:account-list"))]
    crumbs += [
        (account.name, reverse("accounts:account", args=[account.pk]))
        for account in lineage
        if account.is_administered
    ]
    crumbs += pages
    return [*crumbs[:-1], (crumbs[-1][0], "")]


def person_in_sight(request: TenantRequest, user_id: int) -> SeenUser:
    """The user, with what the actor may see of and do for them as attributes. Raises Http404."""
    seen = permitted(request.actor, SEE_USER_PAGE).existing().filter(pk=user_id)
    user: Any = answered_one(
        seen,
        request.actor,
        shows_login=SEE_LOGIN,
        shows_email=SEE_EMAIL,
        shows_sis_id=SEE_SIS_ID,
        shows_links=SEE_LINKS_OF,
        may_manage_observers=MANAGE_OBSERVERS,
        may_act_as=ACT_AS,
        may_set_up_sign_in=SET_UP_SIGN_IN,
        may_replace_password=REPLACE_PASSWORD,
        may_edit=EDIT_DETAILS,
        may_change_email=CHANGE_EMAIL,
        may_change_sis_id=CHANGE_PERSONS_SIS_ID,
        shows_logins=SEE_LOGINS_OF,
        may_manage_logins=MANAGE_LOGINS,
        may_give_login=GIVE_LOGIN,
        may_sign_out=SIGN_OUT,
        may_suspend=SUSPEND,
        may_delete=DELETE_PERSON,
    )
    if user is None:
        raise Http404
    # Read with the request, with what belongs to it.
    user.root_account = request.root_account
    person: SeenUser = user
    return person


def breadcrumbs_to(request: TenantRequest, user: User, *pages: str) -> Crumbs:
    """To a person, through the topmost account in whose people the actor finds them."""
    account = next(_accounts_with(request.actor, user), None)
    if account is None:
        return [(user.name, "")]
    request.account = account
    crumbs = breadcrumbs(request, account, _("People"), user.name, *pages)
    address_of = {
        _("People"): reverse("accounts:account-people", args=[account.pk]),
        user.name: reverse("accounts:user", args=[user.pk]),
    }
    return [(label, url or address_of.get(label, "")) for label, url in crumbs[:-1]] + crumbs[-1:]


def _accounts_with(actor: Actor, user: User) -> Iterator[Account]:
    """With what the actor may do there: each tells that by itself, without the database."""
    accounts = permitted(actor, SEE_PEOPLE_OF_ACCOUNT).live().order_by(Length("path"), "pk")
    for account in accounts[:5]:
        if account.is_root or people_of(account).filter(pk=user.pk).exists():
            for name, rule in _OF_ACCOUNT.items():
                setattr(account, name, may(actor, rule, account))
            yield account
