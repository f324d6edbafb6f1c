"""Who else may act for people: developer keys, what was approved for them, codes and tokens.

Nothing here opens anything by being read: of codes, tokens and secrets only SHA-256s are kept.
"""

from __future__ import annotations

from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from pairing_service.statements import first

# Where a client that no address leads back to is sent: the code is on a page of ours (§9.1).
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


class DeveloperKeyQuerySet(models.QuerySet["DeveloperKey"]):
    def existing(self) -> DeveloperKeyQuerySet:
        """All but the deleted; those that are off are still there."""
        return self.exclude(state=DeveloperKey.State.DELETED)

    def active(self) -> DeveloperKeyQuerySet:
        return self.filter(state=DeveloperKey.State.ACTIVE)

    def stays_on(self, key_id: int) -> bool:
        """Whether the key is on: then it stays so until the transaction ends.

        Where transactions that write exclude each other (SQLite) there is nothing to hold.
        """
        share = " FOR SHARE" if connection.features.has_select_for_update else ""
        return first(_ON + share, key=key_id) is not None


_ON = "SELECT id FROM oauth_developerkey WHERE id = %(key)s AND state = 'active'"


class DeveloperKey(models.Model):
    """An application that may ask people of one tenant to act for them.

    A public one can keep no secret and proves itself by PKCE. One for the mobile apps gives its
    secret to whoever asks (`oauth.digests.mobile_secret`): what it guards is the address alone.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("on")
        INACTIVE = "inactive", _("off")
        DELETED = "deleted", _("deleted")

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=255)
    client_id = models.CharField(max_length=64, unique=True)
    # Empty for public clients and those of the mobile apps.
    secret_digest = models.CharField(max_length=64, blank=True)
    redirect_uris = models.TextField(help_text="One per line.")
    is_public = models.BooleanField(default=False)
    is_trusted = models.BooleanField(default=False)
    for_mobile = models.BooleanField(default=False)
    # Apart by spaces, as on the wire. None: whatever the person may do.
    scopes = models.TextField(blank=True)
    requires_scopes = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DeveloperKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["root_account"],
                condition=Q(for_mobile=True) & ~Q(state="deleted"),
                name="one_key_for_mobile_apps",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["active", "inactive", "deleted"]),
                name="developer_key_state_known",
            ),
            models.CheckConstraint(
                condition=Q(secret_digest="") | Q(is_public=False, for_mobile=False),
                name="developer_key_secret_only_if_kept",
            ),
            models.CheckConstraint(
                condition=Q(is_trusted=False) | Q(is_public=False, for_mobile=False),
                name="developer_key_trusted_only_with_secret",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def has_secret(self) -> bool:
        """Whether its client proves itself by a secret that only it knows."""
        return bool(self.secret_digest)

    @property
    def addresses(self) -> list[str]:
        return self.redirect_uris.split()


class IntegrationQuerySet(models.QuerySet["Integration"]):
    def active(self) -> IntegrationQuerySet:
        return self.filter(ended_at=None)


class Integration(models.Model):
    """A person's approval of an application, on one device: it lives until somebody ends it.

    Its refresh token makes access tokens, each for an hour.
    """

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="integrations")
    key = models.ForeignKey(DeveloperKey, models.CASCADE, related_name="integrations")
    refresh_digest = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=255, blank=True)
    scopes = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = IntegrationQuerySet.as_manager()


class AuthorizationCode(models.Model):
    """What a client exchanges for tokens, once, within ten minutes; used also if that failed."""

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.ForeignKey(DeveloperKey, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    redirect_uri = models.TextField()
    purpose = models.CharField(max_length=255, blank=True)
    scopes = models.TextField(blank=True)
    # PKCE's S256 challenge, when the client sent one.
    challenge = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # What came from it: ended when the code is sent again.
    integration = models.OneToOneField(Integration, models.SET_NULL, null=True, related_name="+")


class OAuthToken(models.Model):
    """An access token of an integration."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()


class SessionToken(models.Model):
    """An address that signs its person in to the pages, once, within minutes (contract §9.4)."""

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    return_to = models.TextField()
    # Digest of the token that asked for it, of an integration the refresh token's.
    made_with = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class QrSignIn(models.Model):
    """A QR code that signs its person in on a phone: once, in a browser or the mobile apps.

    One that is not to work any more, for whatever reason, counts as used.
    """

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    # Of what the person's sessions carry: whatever ends those ends this, too.
    session_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # What came from it: ended when the code is sent again.
    integration = models.OneToOneField(Integration, models.SET_NULL, null=True, related_name="+")
