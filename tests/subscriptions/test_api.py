from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from inventory import services as inventory
from subscriptions.models import Subscription, SubscriptionPlan
from tests.conftest import open_shop
from tests.test_query_counts import statements
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
    response = shop.client().get(STATUS)
    data = response.json()["data"]
    assert {name: value for name, value in data.items() if value is not None} == {
        "state": "NONE",
        "is_active": False,
        "is_in_grace": False,
        "limits": [
            {"resource": "users", "limit": None, "used": 2},
            {"resource": "storefronts", "limit": None, "used": 1},
            {"resource": "products", "limit": None, "used": 3},
        ],
        "features": {
            "sales": "read",
            "inventory": "read",
            "reports": "blocked",
            "exports": "blocked",
            "automation": "blocked",
            "offline": "full",
            "account": "full",
        },
    }
    assert headers(response) == {"X-Subscription-Status": "NONE"}
    me = shop.client().get("/api/v1/accounts/auth/me/").json()["data"]
    assert me["subscription"] == {"plan": None, "state": "NONE", "ends_on": None}


def test_the_status_of_a_trial(shop):
    data = shop.client().get(STATUS).json()["data"]
    today = timezone.localdate()
    assert (data["plan"], data["state"], data["is_trial"], data["is_active"]) == ("standard", "TRIAL", True, True)
    assert (data["starts_on"], data["ends_on"]) == (str(today), str(today + timedelta(days=14)))
    assert (data["days_left"], data["grace_ends_on"]) == (14, str(today + timedelta(days=21)))
    assert data["limits"][1] == {"resource": "storefronts", "limit": 20, "used": 1}
    assert set(data["features"].values()) == {"full"}


# --- Headers ----------------------------------------------------------------------------------------------------------


def headers(response):
    return {name: value for name, value in response.items() if name.startswith("X-Subscription")}


@pytest.mark.parametrize(
    ("days", "state"), [(-30, "ACTIVE"), (0, "ACTIVE"), (1, "GRACE"), (7, "GRACE"), (8, "EXPIRED")]
)
def test_every_answer_to_a_member_says_how_the_subscription_stands_refusals_too(shop, days, state):
    ended(shop, days)
    last = timezone.localdate() - timedelta(days=days)
    wanted = {
        "X-Subscription-Status": state,
        "X-Subscription-Plan": "standard",
        "X-Subscription-Expires": str(last),
        "X-Subscription-Grace-Ends": str(last + timedelta(days=7)),
    }
    client = shop.client()
    refused = client.post(SALES, {})
    assert refused.status_code == (402 if state == "EXPIRED" else 400)
    for response in (refused, client.get(STATUS), client.get("/api/v1/nowhere/"), client.get(f"{SALES}nonsense/")):
        assert headers(response) == wanted, response.status_code


def test_a_subscription_that_was_cancelled_will_have_no_grace(shop):
    change(shop, is_trial=False, cancelled_at=timezone.now())
    response = shop.client().get(STATUS)
    assert set(headers(response)) == {f"X-Subscription-{name}" for name in ("Status", "Plan", "Expires")}
    assert response.json()["data"]["grace_ends_on"] is None


def test_nobody_is_told_of_a_subscription(shop, nobody):
    left = shop.client(shop.cashier)
    with shop.inside():
        shop.account.memberships.filter(pk=shop.cashier.pk).update(is_active=False)
    for response in (
        nobody.get(STATUS),
        nobody.get("/api/v1/accounts/auth/csrf/"),
        nobody.get("/healthz"),
        left.get(STATUS),
    ):
        assert headers(response) == {}


def test_a_browser_on_another_origin_may_read_the_headers(shop, settings):
    response = shop.client().get(STATUS, HTTP_ORIGIN=settings.TILL_ORIGINS[0])
    exposed = {name.strip() for name in response["Access-Control-Expose-Headers"].split(",")}
    assert exposed >= set(headers(response))
    assert len(headers(response)) == 4


def test_the_headers_cost_no_statement(shop):
    """They stand on what the one statement of every request has read: a plan that is to come, too."""
    with shop.inside():
        smaller = SubscriptionPlan.objects.get(code="starter")
    tomorrow = timezone.localdate() + timedelta(days=1)
    change(shop, is_trial=False, next_plan=smaller, next_from=tomorrow)
    client = shop.client()
    client.get("/api/v1/nowhere/")
    seen = statements(lambda: headers(client.get("/api/v1/nowhere/")))
    assert [sql.split()[0] for sql in seen if not sql.startswith("SET LOCAL")] == ["SELECT"]
    assert headers(client.get("/api/v1/nowhere/"))["X-Subscription-Plan"] == "standard"
    with time_machine.travel(datetime.combine(tomorrow, datetime.min.time(), UTC), tick=False):
        assert headers(shop.client().get(STATUS))["X-Subscription-Plan"] == "starter"


# --- What is offered --------------------------------------------------------------------------------------------------


def test_every_member_may_read_what_is_offered_and_what_it_costs(shop):
    rows = shop.client(shop.cashier).get("/api/v1/subscriptions/plans/").json()["results"]
    assert [row["code"] for row in rows] == ["standard", "starter", "unlimited"]
    unlimited = rows[2]
    assert (unlimited["max_users"], unlimited["max_storefronts"], unlimited["max_products"]) == (None, None, None)
    yearly = {
        "cycle": "YEARLY",
        "min_storefronts": 1,
        "max_storefronts": None,
        "base": "6000.00",
        "per_extra": "500.00",
    }
    assert yearly in unlimited["tiers"]
    assert rows[0]["features"] == ["Sales, stock, customers and reports", "Offline tills"]


def test_s21_my_pricing_counts_the_storefronts_itself_and_takes_no_count_from_the_client(shop):
    """S21."""
    client, address = shop.client(), "/api/v1/subscriptions/my-pricing/"
    assert client.get(address).json()["data"]["price"]["total"] == "144.00"
    with shop.inside():
        inventory.add_location(by=shop.owner, kind="STOREFRONT", name="Second")
        inventory.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
        closed = inventory.add_location(by=shop.owner, kind="STOREFRONT", name="Closed")
        inventory.change_location(by=shop.owner, location=closed, is_active=False)
    assert client.get(address, {"gateway": "PAYSTACK"}).json()["data"] == {
        "kind": "RENEWAL",
        "price": {
            "plan": "standard",
            "cycle": "MONTHLY",
            "storefronts": 2,
            "currency": "GHS",
            "base": "120.00",
            "extra": "80.00",
            "credit": "0.00",
            "taxes": [
                {"code": "VAT", "name": "VAT", "rate": "0.1500", "amount": "30.00"},
                {"code": "NHIL", "name": "NHIL", "rate": "0.0250", "amount": "5.00"},
                {"code": "GETFUND", "name": "GETFund levy", "rate": "0.0250", "amount": "5.00"},
            ],
            "tax_total": "40.00",
            "fee": "4.68",
            "total": "244.68",
        },
    }
    for name in ("storefronts", "count", "amount"):
        refused = client.get(address, {name: "1"})
        assert (refused.status_code, refused.json()["code"]) == (400, "unknown_parameter")


def test_a_shop_whose_money_is_cfa_reads_prices_in_the_money_of_the_plan(db):
    shop = open_shop("Boutique", country="CI", currency="XOF", time_zone="Africa/Abidjan", prices=("500",))
    data = shop.client().get("/api/v1/subscriptions/my-pricing/", {"plan": "starter"}).json()["data"]["price"]
    assert (data["currency"], data["base"], data["taxes"], data["total"]) == ("GHS", "60.00", [], "60.00")


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"plan": "nonsense"}, "plan", "does_not_exist"),
        ({"plan": ""}, "plan", "blank"),
        ({"cycle": "WEEKLY"}, "cycle", "invalid_choice"),
        ({"gateway": "CASH"}, "gateway", "invalid_choice"),
        ({"gateway": "MOMO"}, "gateway", "invalid_choice"),
    ],
)
def test_a_price_of_what_is_not_offered_is_not_told(shop, query, field, code):
    refused = shop.client().get("/api/v1/subscriptions/my-pricing/", query)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")
    assert [(error["field"], error["code"]) for error in refused.json()["errors"]] == [(field, code)]
