from django.apps import AppConfig


class PairingConfig(AppConfig):
    name = "pairing"

    def ready(self) -> None:
        from courses.actions import FOLLOWERS
        from pairing import rules  # noqa: F401  (adds rows to rules of other apps)
        from pairing.following import follow

        FOLLOWERS.append(follow)
