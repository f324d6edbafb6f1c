from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "courses"

    def ready(self) -> None:
        from courses import rules  # noqa: F401  (adds rows to rules of other apps)
