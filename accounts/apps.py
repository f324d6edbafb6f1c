from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.login_triggers import after_migrations

        post_migrate.connect(after_migrations, sender=self)
