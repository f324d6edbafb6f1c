"""Who: the account tree with each tenant's settings and host names, users, access tokens."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pairing_service.naming import NameColumn
from pairing_service.statements import every, row_of, run


def login_key(login_id: str) -> str:
    """The form in which login ids are compared: case and Unicode variants fold together."""
    return unicodedata.normalize("NFKC", login_id.strip()).casefold()


# Letters that Unicode does not take apart into a plain one and a mark.
_PLAIN = str.maketrans("đðøłı", "ddoli")
_LONGEST_KEY = 600


def folded(text: str) -> str:
    """Words as they are searched and sorted: without case, accents, apostrophes and commas."""
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    kept = (c for c in apart if not unicodedata.combining(c) and c not in "'’‘ʼ`´")
    spaced = (" " if c == "," else c for c in kept)
    return " ".join("".join(spaced).split())


def name_key(name: str, sortable_name: str) -> str:
    """What a person is sorted by and found by: each of their words has a space before it."""
    return f" {folded(sortable_name)}  {folded(name)}"[:_LONGEST_KEY]


class AccountQuerySet(models.QuerySet["Account"]):
    def live(self) -> AccountQuerySet:
        return self.filter(state=Account.State.ACTIVE)

    def roots(self) -> AccountQuerySet:
        return self.filter(parent=None)

    def within(self, account: Account) -> AccountQuerySet:
        """The account itself and all below it."""
        return self.filter(path__startswith=account.path)


class Account(models.Model):
    """A node of a tenant's tree; the one without a parent is the tenant's root account.

    `parent` is the truth. `path` holds the ids from the root down to this one ("1/17/203/") and
    is written by `accounts.actions` alone; it makes "all below" one indexed comparison.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        DELETED = "deleted", _("deleted")

    # Null only between the two statements that make a root account: its own id, then.
    root_account = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=255, db_index=True)
    name = NameColumn(max_length=255)
    sis_id = models.CharField(max_length=255, null=True)
    integration_id = models.CharField(max_length=255, null=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    time_zone = models.CharField(max_length=63, default="UTC")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["root_account", "sis_id"], name="account_sis_id_once"),
            models.CheckConstraint(
                condition=Q(parent=None) | Q(root_account__isnull=False),
                name="account_below_has_root",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["active", "deleted"]), name="account_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_root(self) -> bool:
        return self.parent_id is None

    @property
    def chain_ids(self) -> list[int]:
        """The ids from the root account down to this one."""
        return [int(part) for part in self.path.split("/") if part]


class RootAccountSettingsQuerySet(models.QuerySet["RootAccountSettings"]):
    def hold(self, root_account: Account, people: Collection[int]) -> None:
        """Lock the row against change until the transaction ends; others may hold it, too.

        `people` are held like `UserQuerySet.hold` does, in the same statement. Where transactions
        that write exclude each other (SQLite) there is nothing to do.
        """
        if connection.features.has_select_for_update:
            run(_HOLD, root=root_account.pk, people=sorted(people))

    def held(self, root_account: Account) -> RootAccountSettings:
        """The settings as they are now, held."""
        share = " FOR SHARE" if connection.features.has_select_for_update else ""
        where = f"WHERE account_id = %(root)s{share}"
        settings = row_of(RootAccountSettings, where, root=root_account.pk)
        assert settings is not None  # every root account has them
        return settings


_HOLD = """
SELECT u.id FROM accounts_rootaccountsettings s JOIN accounts_user u ON u.id IN %(people)s
 WHERE s.account_id = %(root)s ORDER BY u.id FOR SHARE OF s FOR NO KEY UPDATE OF u
"""


class RootAccountSettings(models.Model):
    """What a tenant decides for itself. Issuing and redeeming hold this row while they work."""

    class SelfRegistration(models.TextChoices):
        NONE = "none", _("Nobody")
        OBSERVER = "observer", _("Observers only")
        ALL = "all", _("Everyone")

    OPEN = (SelfRegistration.OBSERVER, SelfRegistration.ALL)

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="settings"
    )
    self_registration = models.CharField(
        max_length=8, choices=SelfRegistration.choices, default=SelfRegistration.NONE
    )
    code_lifetime_hours = models.PositiveSmallIntegerField(
        default=7 * 24, validators=[MinValueValidator(1), MaxValueValidator(30 * 24)]
    )
    live_codes_per_student = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    # Observers who register by themselves sign in once they have followed a link in a mail.
    confirms_email = models.BooleanField(default=False)
    students_may_remove_observers = models.BooleanField(default=False)
    qr_sign_in = models.BooleanField(default=True)
    own_networks = models.TextField(blank=True)
    terms = models.TextField(blank=True)
    school_site = models.URLField(blank=True)
    contact = models.CharField(max_length=255, blank=True)
    # None: for ever. What is older is removed by `manage.py prune_events`.
    years_events_are_kept = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    # Answers on every allowed host that no other root account claims; at most one does.
    answers_unclaimed_hosts = models.BooleanField(default=False)

    objects = RootAccountSettingsQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["answers_unclaimed_hosts"],
                condition=Q(answers_unclaimed_hosts=True),
                name="one_root_account_without_domains",
            ),
            models.CheckConstraint(
                condition=Q(self_registration__in=["none", "observer", "all"]),
                name="self_registration_known",
            ),
            models.CheckConstraint(
                condition=Q(code_lifetime_hours__gte=1, code_lifetime_hours__lte=720),
                name="code_lifetime_1_hour_to_30_days",
            ),
            models.CheckConstraint(
                condition=Q(live_codes_per_student__gte=1, live_codes_per_student__lte=50),
                name="live_codes_per_student_1_to_50",
            ),
            models.CheckConstraint(
                condition=Q(years_events_are_kept=None)
                | Q(years_events_are_kept__gte=1, years_events_are_kept__lte=100),
                name="years_events_are_kept_1_to_100",
            ),
        ]

    @property
    def code_lifetime(self) -> timedelta:
        return timedelta(hours=self.code_lifetime_hours)

    @property
    def is_open(self) -> bool:
        """Whether self registration is on, for observers or for everyone."""
        return self.self_registration in self.OPEN


class SignOnProviderQuerySet(models.QuerySet["SignOnProvider"]):
    def on_by(self, match: str) -> Self:
        """Those that are on and let people in by this of theirs."""
        return self.filter(is_on=True, match=match)

    def lets_in_by(self, match: str, root_account: Account) -> bool:
        """Whether people of the root account come in by what a provider says is this of theirs."""
        return self.on_by(match).filter(root_account=root_account).exists()


class SignOnProvider(models.Model):
    """The OpenID Connect provider through which a root account's people may sign in.

    People are known by one of its claims, which is the login or the SIS id of theirs here.
    """

    class Match(models.TextChoices):
        LOGIN = "login", _("a login")
        SIS_ID = "sis_id", _("the SIS ID")

    root_account = models.OneToOneField(Account, models.CASCADE, related_name="+")
    label = models.CharField(max_length=60)
    issuer = models.CharField(max_length=255)
    client_id = models.CharField(max_length=255)
    sealed_secret = models.TextField()
    claim = models.CharField(max_length=60)
    match = models.CharField(max_length=6, choices=Match.choices, default=Match.LOGIN)
    creates_people = models.BooleanField(default=False)
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SignOnProviderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(match__in=["login", "sis_id"]), name="sign_on_match_known"
            )
        ]

    def __str__(self) -> str:
        return self.label


class Domain(models.Model):
    """A host name, lower case and without port, on which a root account answers."""

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="domains")
    host = models.CharField(max_length=253, unique=True)

    def __str__(self) -> str:
        return self.host


_HOLD_PEOPLE = "SELECT id FROM accounts_user WHERE id IN %(ids)s ORDER BY id FOR NO KEY UPDATE"


class UserQuerySet(models.QuerySet["User"]):
    def existing(self) -> UserQuerySet:
        """Everyone who has not been deleted; suspended people are still there."""
        return self.exclude(state=User.State.DELETED)

    def are_there(self, ids: Collection[int]) -> bool:
        """Whether none of these people has been deleted; actions ask it under their locks."""
        return self.existing().filter(pk__in=ids).count() == len(ids)

    def active(self) -> UserQuerySet:
        return self.filter(state=User.State.ACTIVE)

    def hold(self, ids: Collection[int]) -> None:
        """Hold these people's rows until the transaction ends, in one order for everyone.

        Where transactions that write exclude each other (SQLite) there is nothing to do.
        """
        if ids and connection.features.has_select_for_update:
            run(_HOLD_PEOPLE, ids=sorted(ids))

    def held(self, user_id: int) -> User:
        """One person as they are now, held."""
        hold = " FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""
        [(user, _)] = self.by_hand(_ONE + hold, user=user_id)
        return user

    def by_hand(self, sql: str, **values: Any) -> list[tuple[User, Sequence[Any]]]:
        """People, each with what else the statement selects after `PERSON`.

        For the statements that every call asks: the ORM would take longer to compose and read them
        than the database to answer. Columns that are left out are read when asked for.
        """
        rows = every(sql, **values)
        return [(_person(self.db, row), row[len(_PERSON_FIELDS) :]) for row in rows]

    def with_login(self, root_account_id: int, login_id: str) -> UserQuerySet:
        """Whose login it is, be it the only one or one of several."""
        return self.existing().filter(
            logins__root_account_id=root_account_id, logins__login_key=login_key(login_id)
        )

    def with_email(self, root_account_id: int, email: str) -> UserQuerySet:
        return self.existing().filter(root_account_id=root_account_id, email__iexact=email)


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Users are made by `accounts.actions`; Django's own create_user has no tenant to give."""


# What follows from which field.
_KEYS = {"login_id": "login_key", "name": "name_key", "sortable_name": "name_key"}


class User(AbstractBaseUser):
    """A person of one tenant. Names are stored as shown; the keys are what is compared."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        # Has registered, and not yet shown that the e-mail address is theirs: may do nothing.
        UNPROVEN = "unproven", _("e-mail not confirmed")
        DELETED = "deleted", _("deleted")

    root_account = models.ForeignKey(Account, models.PROTECT, related_name="users")
    login_id = models.CharField(_("login"), max_length=255)
    login_key = models.CharField(max_length=255, editable=False)
    sis_id = models.CharField(max_length=255, null=True)
    integration_id = models.CharField(max_length=255, null=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    name = NameColumn(_("name"), max_length=255)
    sortable_name = NameColumn(max_length=255)
    short_name = NameColumn(max_length=255)
    name_key = models.CharField(max_length=_LONGEST_KEY, editable=False, default="")
    email = models.EmailField(_("e-mail"), blank=True)
    time_zone = models.CharField(max_length=63, blank=True)
    locale = models.CharField(max_length=15, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ACTIVE)
    # Set while the password is one that staff handed out: until then it signs in, once.
    one_time_password_until = models.DateTimeField(null=True)
    # ... in the place of one of their own: only who may act as them gives them another way in.
    one_time_password_replaces = models.BooleanField(default=False)
    terms_accepted_at = models.DateTimeField(null=True)
    # Sessions from before are over.
    sessions_ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserManager()

    USERNAME_FIELD = "login_id"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["root_account", "login_key"],
                condition=~Q(state="deleted"),
                name="login_once_per_root_account",
            ),
            models.UniqueConstraint(fields=["root_account", "sis_id"], name="user_sis_id_once"),
            models.CheckConstraint(
                condition=Q(state__in=["active", "suspended", "unproven", "deleted"]),
                name="user_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["root_account", "name_key", "id"], name="user_by_name"),
            models.Index(fields=["root_account", "email"], name="user_by_email"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.login_key = login_key(self.login_id)
        self.name_key = name_key(self.name, self.sortable_name)
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, *(_KEYS[f] for f in fields if f in _KEYS)}
        super().save(*args, **kwargs)

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """What sessions carry: another one after a change of password, or when they were ended."""
        own: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        ended_at = self.sessions_ended_at
        return f"{own}-{ended_at.timestamp()}" if ended_at else own

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.state == self.State.ACTIVE

    @property
    def has_own_password(self) -> bool:
        """One that the person chose, not one handed out to be used once within some days."""
        return self.has_usable_password() and self.one_time_password_until is None

    @property
    def first_name(self) -> str:
        """The part of the sortable name ("Okafor, Ada") after the comma, else the first word."""
        _last, comma, first = self.sortable_name.partition(",")
        return first.strip() if comma else self.name.split(" ", 1)[0]

    @property
    def last_name(self) -> str:
        return self.sortable_name.partition(",")[0].strip()

    @property
    def guarded_name(self) -> str:
        """First name and last initial: what someone who holds a code may learn.

        Where nobody has said which words of a name are the first ones, it is one: else of two
        surnames one would be told.
        """
        first, *others = self.name.split() or [self.name]
        last, comma, given = (part.strip() for part in self.sortable_name.partition(","))
        if comma and given and self.sortable_name != sorted_by_last_word(self.name):
            return f"{given} {last[:1]}.".removesuffix(" .")
        return f"{first} {others[-1][:1]}." if others else first


def sorted_by_last_word(name: str) -> str:
    """The sortable name of whom nobody has given another: "Okafor, Ada"."""
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first else name


class Login(models.Model):
    """What somebody signs in with. Each person has one of their own (`User.login_id`), which the
    database copies here (accounts.login_triggers), and may have further ones."""

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="logins")
    login_id = models.CharField(max_length=255)
    login_key = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["login_key", "root_account"], name="login_once")
        ]

    def __str__(self) -> str:
        return self.login_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.login_key = login_key(self.login_id)
        super().save(*args, **kwargs)


def has_login(field: str = "pk", **asked: Any) -> Q:
    """People with a login of which `asked` is so (`login_key="ada"`); `field` leads to them."""
    return Q(**{f"{field}__in": Login.objects.filter(**asked).values("user")})


class Preferences(models.Model):
    """Switches that a person has set in clients (`accounts.serializers.people.PREFERENCES`)."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="preferences")
    values = models.JSONField(default=dict)


# What a request needs of a person: the columns for `by_hand`, of accounts_user as u.
_NEEDED = {
    "id", "root_account_id", "state", "login_id", "sis_id", "name", "sortable_name", "short_name",
    "email", "locale", "time_zone", "created_at",
}  # fmt: skip
# In the model's own order, as from_db wants them.
_PERSON_FIELDS = [f.attname for f in User._meta.concrete_fields if f.attname in _NEEDED]
_CREATED_AT = _PERSON_FIELDS.index("created_at")
PERSON = ", ".join(f"u.{name}" for name in _PERSON_FIELDS)
_ONE = f"SELECT {PERSON} FROM accounts_user u WHERE u.id = %(user)s"


def _person(database: str, row: Sequence[Any]) -> User:
    values = list(row[: len(_PERSON_FIELDS)])
    if isinstance(values[_CREATED_AT], str):  # SQLite keeps times as text, in UTC
        values[_CREATED_AT] = datetime.fromisoformat(values[_CREATED_AT]).replace(tzinfo=UTC)
    return User.from_db(database, _PERSON_FIELDS, values)


class Session(AbstractBaseSession):
    """What a browser keeps its place by (accounts.sessions): whose it is, if anybody's.

    `session_key` is a digest of what the browser has, and signs nobody in.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    seen_at = models.DateTimeField()

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def kept(self) -> AccessTokenQuerySet:
        """Those that have not been ended: in force, pending or expired."""
        return self.filter(revoked_at=None)

    def live(self) -> AccessTokenQuerySet:
        """Those that open something now."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.kept().filter(unexpired, is_pending=False)


class AccessToken(models.Model):
    """A personal access token. Only its SHA-256 is kept; `hint` is how it begins.

    One that somebody else made for the person is pending, and opens nothing, until they activate
    it. Without scopes it opens all that the person may do.
    """

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="access_tokens")
    purpose = models.CharField(_("purpose"), max_length=255)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)
    scopes = models.JSONField(default=list)
    is_pending = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = AccessTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.purpose} ({self.hint}…)"

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
