from django.apps import AppConfig

from pairing_service.triggers import keep_triggers


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        import accounts.devices  # noqa: F401  (it listens for sign-ins)
        from accounts.login_triggers import drop_triggers, make_triggers

        keep_triggers(self, make=make_triggers, drop=drop_triggers, table="accounts_login")
