"""What runs low or out, what expires, what to order and what nobody buys: against figures made by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services
from inventory.models import OrderStatus
from tests.accounts.tills import told
from tests.conftest import open_shop
from tests.places import add_member, add_place

pytestmark = pytest.mark.django_db

ALERTS = "/api/v1/inventory/alerts/"
SUGGESTIONS = "/api/v1/inventory/order-suggestions/"
DEAD = "/api/v1/inventory/dead-stock/"


def ask(shop, path, member=None, **query):
    response = shop.client(member).get(path, query)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def key(row):
    return str(row.pk)


def today(shop):
    return timezone.localdate(timezone=shop.account.zone)


def deliver(shop, product, quantity, **facts):
    item = {"product": product.pk, "quantity": Decimal(quantity), "unit_cost": Decimal(2), **facts}
    moment = item.pop("occurred_at", None)
    with shop.inside():
        return services.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[item], occurred_at=moment)


def sell(shop, product, quantity, *, days_ago=0):
    basket = shop.basket(lines=[{"product": key(product), "quantity": quantity}])
    if days_ago:
        basket["sold_at"] = (timezone.now() - timedelta(days=days_ago)).isoformat()
    response = shop.client().post("/api/v1/sales/sales/", basket)
    assert response.status_code == 201, response.content


def point(shop, product, minimum, target=None):
    with shop.inside():
        shop.account.reorder_points.create(
            product=product, location=shop.storefront, minimum=Decimal(minimum), target=target and Decimal(target)
        )


@pytest.fixture
def bare(db):
    return open_shop("Ama Provisions", stock="0")


# --- Low, out, expiring -----------------------------------------------------------------------------------------------


def short(shop, **query):
    return {
        row["product"]: (row["kind"], row["available"], row["minimum"]) for row in ask(shop, ALERTS, **query)["short"]
    }


def test_low_is_at_or_below_the_minimum_and_out_is_nothing_left(bare):
    low, out, fine = bare.products
    for product, minimum in ((low, "5"), (out, "5"), (fine, "4.999")):
        point(bare, product, minimum)
    deliver(bare, low, "5")
    deliver(bare, fine, "5")
    assert short(bare) == {key(low): ("LOW", "5.000", "5.000"), key(out): ("OUT", "0.000", "5.000")}


def test_what_was_sold_out_is_out_without_a_minimum_too_and_what_never_came_is_not(bare):
    sold, other, _ = bare.products
    deliver(bare, sold, "2")
    deliver(bare, other, "2")
    sell(bare, sold, "2")
    assert short(bare) == {key(sold): ("OUT", "0.000", None)}


def test_what_a_cart_holds_or_has_expired_is_not_there(bare):
    held, gone, _ = bare.products
    deliver(bare, held, "3")
    deliver(bare, gone, "3", expires_on=today(bare) - timedelta(days=1))
    with bare.inside():
        services.hold_stock(
            by=bare.owner, location=bare.storefront.pk, product=held.pk, cart=uuid7(), quantity=Decimal(3)
        )
    assert short(bare) == {key(held): ("OUT", "0.000", None), key(gone): ("OUT", "0.000", None)}


def test_what_is_no_longer_sold_alarms_nobody(bare):
    point(bare, bare.products[0], "5")
    with bare.inside():
        bare.account.products.filter(pk=bare.products[0].pk).update(is_active=False)
    assert short(bare) == {}


def test_what_expires_within_the_days_is_listed_the_first_first_and_what_has_is_said_to_have(bare):
    first, second, third = bare.products
    deliver(bare, first, "1", expires_on=today(bare) + timedelta(days=10))
    deliver(bare, second, "2", expires_on=today(bare) - timedelta(days=1))
    deliver(bare, third, "3", expires_on=today(bare) + timedelta(days=11))
    deliver(bare, third, "4")
    rows = ask(bare, ALERTS, days="10")["expiring"]
    assert [(row["product"], row["quantity"], row["has_expired"]) for row in rows] == [
        (key(second), "2.000", True),
        (key(first), "1.000", False),
    ]
    sell(bare, first, "1")
    assert [row["product"] for row in ask(bare, ALERTS, days="10")["expiring"]] == [key(second)]


def test_each_place_is_alarmed_for_itself_and_a_limited_member_for_their_own(shop):
    there = add_place(shop)
    for place in (shop, there):
        point(place, shop.products[0], "1000")
    assert len(ask(shop, ALERTS)["short"]) == 2
    (here,) = ask(shop, ALERTS, location=str(there.storefront.pk))["short"]
    assert here["location"] == str(there.storefront.pk)
    member = add_member(shop, Role.WAREHOUSE, shop.storefront)
    (own,) = ask(shop, ALERTS, member)["short"]
    assert own["location"] == str(shop.storefront.pk)
    assert ask(shop, ALERTS, member, location=str(there.storefront.pk))["short"] == []


# --- To order ---------------------------------------------------------------------------------------------------------


def suggested(shop, **query):
    return {
        row["product"]: (row["available"], row["on_order"], row["velocity"], row["lead_days"], row["quantity"])
        for row in ask(shop, SUGGESTIONS, **query)["suggestions"]
    }


@pytest.fixture
def sold(bare):
    """Sixty of the first product sold within thirty days, two a day, of seventy that came."""
    deliver(bare, bare.products[0], "70", occurred_at=timezone.now() - timedelta(days=6))
    for n in range(6):
        sell(bare, bare.products[0], "10", days_ago=n)
    return bare


def test_what_would_run_out_before_an_order_comes_is_to_be_ordered_for_a_week_beyond(sold):
    # 2 a day, a week to come: 14 are needed until then, 10 are there; 28 last for two weeks.
    assert suggested(sold) == {key(sold.products[0]): ("10.000", "0.000", "2.000", 7, "18.000")}


def test_what_is_on_order_counts_and_the_suppliers_time_too(sold):
    product = sold.products[0]
    with sold.inside():
        supplier = sold.account.suppliers.create(name="Kasapreko", lead_days=20)
        sold.account.products.filter(pk=product.pk).update(supplier=supplier)
    assert suggested(sold) == {key(product): ("10.000", "0.000", "2.000", 20, "44.000")}
    with sold.inside():
        order = sold.account.purchase_orders.create(
            number="PO-9", supplier=supplier, location=sold.storefront, opened_by=sold.owner, status=OrderStatus.ORDERED
        )
        order.lines.create(
            account=sold.account, position=1, product=product, quantity=25, unit_cost=1, received_quantity=5
        )
    assert suggested(sold) == {key(product): ("10.000", "20.000", "2.000", 20, "24.000")}
    with sold.inside():
        sold.account.purchase_orders.update(status=OrderStatus.CLOSED)
    assert suggested(sold)[key(product)][4] == "44.000"


def test_a_target_is_filled_up_to_also_where_nothing_was_sold(bare):
    product = bare.products[0]
    point(bare, product, "5", "50")
    deliver(bare, product, "5")
    assert suggested(bare) == {key(product): ("5.000", "0.000", "0.000", 7, "45.000")}
    deliver(bare, product, "0.001")
    assert suggested(bare) == {}


def test_what_came_back_was_not_sold(sold):
    with sold.inside():
        sale = sold.account.sales.order_by("id").first()
        line = sale.lines.get()
    body = {"lines": [{"line": str(line.pk), "quantity": "10", "restock": "DAMAGED"}]}
    path = f"/api/v1/sales/sales/{sale.pk}/refunds/"
    assert told(sold.client().post(path, body, HTTP_IDEMPOTENCY_KEY="back")) == (201, None)
    assert suggested(sold)[key(sold.products[0])][2] == "1.667"


# --- Dead -------------------------------------------------------------------------------------------------------------


def test_what_has_lain_for_long_and_nobody_bought_is_dead_the_dearest_first(bare):
    cheap, dear, fresh = bare.products
    old = timezone.now() - timedelta(days=6)
    deliver(bare, cheap, "1", occurred_at=old)
    deliver(bare, dear, "9", occurred_at=old)
    deliver(bare, fresh, "9")
    rows = ask(bare, DEAD, days="5")["products"]
    assert [(row["product"], row["quantity"], row["value"], row["last_sold_at"]) for row in rows] == [
        (key(dear), "9.000", "18.0000000", None),
        (key(cheap), "1.000", "2.0000000", None),
    ]
    sell(bare, dear, "1", days_ago=2)
    assert [row["product"] for row in ask(bare, DEAD, days="5")["products"]] == [key(cheap)]
    (again,) = [row for row in ask(bare, DEAD, days="1")["products"] if row["product"] == key(dear)]
    assert (again["quantity"], again["last_sold_at"] is None) == ("8.000", False)
    assert ask(bare, DEAD) == {"products": []}


@pytest.mark.parametrize("path", [ALERTS, SUGGESTIONS, DEAD])
@pytest.mark.parametrize(
    "query", [{"days": "0"}, {"days": "367"}, {"days": "-1"}, {"days": "x"}, {"location": "x"}, {"colour": "red"}]
)
def test_a_question_that_makes_no_sense_is_400(shop, path, query):
    assert told(shop.client().get(path, query))[0] == 400


@pytest.mark.parametrize("path", [ALERTS, SUGGESTIONS, DEAD])
def test_a_strangers_place_has_nothing_to_tell(shop, stranger, path):
    found = ask(shop, path, location=str(stranger.storefront.pk))
    assert not any(found.values())


def test_what_ran_out_and_came_again_yesterday_has_not_been_lying_there(bare):
    product = bare.products[0]
    long_ago = timezone.now() - timedelta(days=6)
    deliver(bare, product, "1", occurred_at=long_ago)
    with bare.inside():
        lines = [{"product": product.pk, "quantity": Decimal(1)}]
        services.adjust_stock(by=bare.owner, location=bare.storefront.pk, kind="LOSS", reason="Gone", lines=lines)
    deliver(bare, product, "5")
    assert ask(bare, DEAD, days="5") == {"products": []}
