from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        import accounts.devices  # noqa: F401  (it listens for sign-ins)
        from accounts.login_triggers import after_migrations, before_migrations

        pre_migrate.connect(before_migrations, sender=self)
        post_migrate.connect(after_migrations, sender=self)
