from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from subscriptions.models import Subscription
from tests.conftest import open_shop
from tests.traces import state_of

pytestmark = pytest.mark.django_db

STATUS = "/api/v1/subscriptions/status/"
SALES = "/api/v1/sales/sales/"


def change(shop, **facts):
    with shop.inside():
        assert Subscription.across_accounts.update(**facts) == 1


def ended(shop, days_ago):
    change(shop, is_trial=False, ends_on=timezone.localdate(timezone=shop.account.zone) - timedelta(days=days_ago))


def test_s18_an_active_subscription_that_ended_yesterday_is_in_grace_though_no_job_has_run(shop):
    """S18."""
    ended(shop, 1)
    client = shop.client()
    assert client.get(STATUS).json()["data"]["state"] == "GRACE"
    assert client.get("/api/v1/accounts/auth/me/").json()["data"]["subscription"]["state"] == "GRACE"


@pytest.mark.parametrize(("days", "state"), [(0, "ACTIVE"), (7, "GRACE"), (8, "EXPIRED")])
def test_an_unpaid_business_may_look_but_not_touch(shop, days, state):
    ended(shop, days)
    client, before = shop.client(), state_of(shop)
    response = client.post(SALES, shop.basket())
    if state == "ACTIVE":
        assert response.status_code == 201
    else:
        assert (response.status_code, response.json()["code"]) == (402, "subscription_expired")
        assert response.json()["meta"] == {"state": state, "feature": "sales"}
        assert state_of(shop) == before
    assert client.get(SALES).status_code == 200
    assert client.patch("/api/v1/accounts/account/", {"name": "Still ours"}).status_code == 200


def test_s18_the_last_second_of_the_seventh_day_of_grace_is_the_accounts_own():
    """S18."""
    shop = open_shop("Kiribati Kiosk", country="KI", currency="AUD", time_zone="Pacific/Kiritimati")
    last = timezone.localdate(timezone=shop.account.zone)
    change(shop, is_trial=False, ends_on=last)
    midnight = datetime.combine(last + timedelta(days=8), datetime.min.time(), ZoneInfo("Pacific/Kiritimati"))
    for moment, state in ((midnight - timedelta(seconds=1), "GRACE"), (midnight, "EXPIRED")):
        with time_machine.travel(moment, tick=False):
            assert shop.client().get(STATUS).json()["data"]["state"] == state


def test_who_pays_again_sells_again_at_once(shop):
    ended(shop, 30)
    client = shop.client()
    assert client.post(SALES, shop.basket()).status_code == 402
    change(shop, ends_on=timezone.localdate() + timedelta(days=30))
    assert client.post(SALES, shop.basket()).status_code == 201


def test_a_retry_of_a_sale_that_was_made_while_it_was_paid_for_is_told_402_and_sells_nothing_more(shop):
    client, basket = shop.client(), shop.basket()
    assert client.post(SALES, basket).status_code == 201
    ended(shop, 30)
    before = state_of(shop)
    assert client.post(SALES, basket).status_code == 402
    assert state_of(shop) == before


def test_the_status_of_a_business_without_a_subscription_is_none(shop):
    with shop.inside():
        Subscription.across_accounts.all().delete()
    assert shop.client().get(STATUS).json()["data"] == {
        "plan": None,
        "state": "NONE",
        "is_trial": None,
        "ends_on": None,
        "cancelled_at": None,
        "suspended_at": None,
    }
    me = shop.client().get("/api/v1/accounts/auth/me/").json()["data"]
    assert me["subscription"] == {"plan": None, "state": "NONE", "ends_on": None}


def test_the_status_of_a_trial(shop):
    data = shop.client().get(STATUS).json()["data"]
    assert (data["plan"], data["state"], data["is_trial"]) == ("standard", "TRIAL", True)
    assert data["ends_on"] == str(timezone.localdate() + timedelta(days=14))
