from django.apps import AppConfig


class SisConfig(AppConfig):
    name = "sis"
