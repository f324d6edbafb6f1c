from django.apps import AppConfig


class OAuthConfig(AppConfig):
    name = "oauth"
    verbose_name = "OAuth2"

    def ready(self) -> None:
        from oauth import rules  # noqa: F401  (adds to what may be explained)
