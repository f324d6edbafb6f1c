"""Which time zones are offered and accepted."""

import pytest

from accounts import time_zones
from accounts.time_zones import current_time_zones


@pytest.fixture
def afresh():
    current_time_zones.cache_clear()
    yield
    current_time_zones.cache_clear()


ALIASES = {"US/Pacific", "Asia/Calcutta", "Brazil/DeNoronha"}


def test_places_are_offered_and_aliases_of_former_days_are_not():
    assert {"America/Los_Angeles", "Asia/Kolkata", "Europe/Oslo"} <= current_time_zones()
    assert not ALIASES & current_time_zones()
    assert time_zones.time_zones() >= ALIASES


def test_without_a_table_every_zone_with_a_place_is_offered(afresh, monkeypatch):
    monkeypatch.setattr(time_zones, "_table", lambda: "")
    assert current_time_zones() >= ALIASES
    assert "Etc/GMT+1" not in current_time_zones()


def test_the_package_s_table_serves_a_machine_without_one(afresh, monkeypatch):
    pytest.importorskip("tzdata")
    monkeypatch.setattr(time_zones, "TZPATH", ())
    assert "Asia/Kolkata" in current_time_zones()
    assert not ALIASES & current_time_zones()


def test_an_alias_that_is_set_stays_chosen_and_is_taken(cast, signed_in):
    type(cast.student).objects.filter(pk=cast.student.pk).update(time_zone="US/Pacific")
    assert (
        '"US/Pacific" selected' in signed_in(cast.student).get("/profile/settings").content.decode()
    )
