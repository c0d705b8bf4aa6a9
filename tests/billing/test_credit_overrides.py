"""What staff set for a period goes before the price list, on the business's own days; nobody else sets it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from billing import costs
from billing.credits import CreditService
from billing.models import CreditCost, CreditPack
from tests.billing.crediting import get, left, post, rich
from tests.conftest import open_shop
from tests.console import hire

pytestmark = pytest.mark.usefixtures("committed")

FIRST = date(2031, 3, 6)
LAST = FIRST + timedelta(days=6)


@pytest.fixture(autouse=True)
def _no_costs_stay(committed):
    yield
    CreditCost.objects.using("owner").all().delete()


def set_cost(operation, credits, starts_on=FIRST, ends_on=LAST, units=1):
    CreditCost.objects.using("owner").create(
        operation=operation, credits=credits, units=units, starts_on=starts_on, ends_on=ends_on
    )


def cost_on(day, operation="content_generation", amount=1000):
    return costs.find_cost(operation, on=day).of(amount)


def test_a_cost_holds_from_its_first_day_to_its_last():
    set_cost("content_generation", 1, units=200)
    days = [FIRST - timedelta(days=1), FIRST, LAST, LAST + timedelta(days=1)]
    assert [cost_on(day) for day in days] == [10, 5, 5, 10]
    assert [cost_on(day, "content") for day in days] == [10, 5, 5, 10]
    assert cost_on(FIRST, "optimization") == 5


def test_of_two_costs_the_one_that_began_last_holds_and_one_without_an_end_holds_on():
    set_cost("linking", 4, ends_on=None)
    set_cost("linking", 6, starts_on=FIRST + timedelta(days=2), ends_on=FIRST + timedelta(days=3))
    found = [cost_on(FIRST + timedelta(days=after), "linking", None) for after in (-1, 0, 2, 3, 4, 4000)]
    assert found == [8, 4, 6, 6, 4, 4]


def test_the_day_is_that_of_the_business():
    set_cost("linking", 4, starts_on=FIRST, ends_on=FIRST)
    shops = [
        rich(open_shop(f"Shop {zone}", time_zone=zone))
        for zone in ("Pacific/Kiritimati", "Africa/Accra", "Pacific/Pago_Pago")
    ]
    with time_machine.travel(datetime(2031, 3, 6, 3, tzinfo=ZoneInfo("UTC")), tick=True):
        for shop, paid in zip(shops, (4, 4, 8), strict=True):
            with shop.inside():
                line = CreditService.deduct_credits(shop.account, operation_type="linking")
            assert -line.amount == paid, shop.account.time_zone
            assert left(shop) == (1000 - paid, 0)


def test_what_is_shown_and_quoted_is_what_is_paid():
    shop = rich(open_shop("Ama Provisions"))
    today = timezone.localdate()
    set_cost("image_generation", 3, starts_on=today, ends_on=None, units=2)
    (shown,) = [row for row in get(shop, "costs/").json()["data"] if row["operation"] == "image_generation"]
    assert (shown["credits"], shown["units"], shown["counts"], shown["names"]) == (3, 2, "image", ["images"])
    quoted = get(shop, "quote/", operation="images", amount=5).json()["data"]
    assert (quoted["operation"], quoted["credits"]) == ("image_generation", 9)
    paid = post(shop, "deduct/", {"operation": "images", "amount": 5}).json()["data"]
    assert (paid["operation"], paid["amount"], paid["units"]) == ("image_generation", -9, 5)


def test_what_was_reserved_is_paid_at_the_price_of_then():
    shop = rich(open_shop("Ama Provisions"))
    with shop.inside():
        reservation = CreditService.reserve(shop.account, "content", 1000)
    set_cost("content_generation", 7, starts_on=timezone.localdate() + timedelta(days=1), ends_on=None)
    with time_machine.travel(datetime.now(ZoneInfo("UTC")) + timedelta(days=1), tick=True), shop.inside():
        shop.account.credit_reservations.update(expires_at=datetime.now(ZoneInfo("UTC")) + timedelta(hours=1))
        CreditService.commit(reservation, 300)
    assert left(shop) == (997, 0)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"credits": 0}, "credit_cost_of_something"),
        ({"credits": 1, "units": 0}, "credit_cost_of_something"),
        ({"credits": 1, "ends_on": FIRST - timedelta(days=1)}, "billing_creditcost_goes_forwards"),
    ],
)
def test_a_cost_that_makes_no_sense_is_refused_by_the_database(facts, rule):
    with pytest.raises(DatabaseError, match=rule):
        set_cost("linking", **facts)


def test_a_business_sets_no_costs_and_no_packs():
    shop = open_shop("Ama Provisions")
    for statement in (
        "UPDATE credit_packs SET price = 0.01",
        "DELETE FROM credit_packs",
        "INSERT INTO credit_costs (id, operation, credits, units, starts_on)"
        " VALUES (gen_random_uuid(), 'linking', 1, 1, now())",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), shop.inside(), connection.cursor() as cursor:
            cursor.execute(statement)


# --- The console ------------------------------------------------------------------------------------------------------


def test_operators_set_a_cost_in_the_console_and_support_does_not():
    form = {"operation": "linking", "credits": "3", "units": "1", "starts_on": "2031-03-06", "ends_on": ""}
    address = reverse("admin:billing_creditcost_add")
    assert hire(Role.SUPPORT).client().post(address, form).status_code == 403
    client = hire(Role.OPERATOR).client()
    assert client.post(address, form).status_code == 302
    row = CreditCost.objects.get()
    assert (row.operation, row.credits, row.starts_on, row.ends_on) == ("linking", 3, FIRST, None)
    for wrong in ({"operation": "gardening"}, {"credits": "0"}, {"credits": "-1"}, {"ends_on": "2031-03-05"}):
        assert client.post(address, {**form, "starts_on": "2032-01-01", **wrong}).status_code == 200, wrong
    assert CreditCost.objects.count() == 1


def test_operators_take_a_pack_off_the_shelf():
    shop, pack = open_shop("Ama Provisions"), CreditPack.objects.get(code="ghs-500")
    address = reverse("admin:billing_creditpack_change", args=[pack.pk])
    form = {"code": pack.code, "name": pack.name, "credits": "500", "price": "50.00", "currency": "GHS"}
    client = hire(Role.OPERATOR).client()
    assert client.post(address, {**form, "code": "ghs-501", "is_offered": "on"}).status_code == 302
    assert "ghs-500" in [row["code"] for row in get(shop, "packs/").json()["data"]]
    for currency in ("ghs", "XXX", ""):
        assert client.post(address, {**form, "currency": currency}).status_code == 200, currency
    assert client.post(address, form).status_code == 302
    assert "ghs-500" not in [row["code"] for row in get(shop, "packs/").json()["data"]]
    assert client.post(address, {**form, "is_offered": "on"}).status_code == 302
    assert "ghs-500" in [row["code"] for row in get(shop, "packs/").json()["data"]]
