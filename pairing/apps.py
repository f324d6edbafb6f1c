from django.apps import AppConfig


class PairingConfig(AppConfig):
    name = "pairing"

    def ready(self) -> None:
        from courses.actions import FOLLOWERS
        from pairing import questions, rules  # noqa: F401  (add to what other apps know)
        from pairing.following import follow

        FOLLOWERS.append(follow)
