"""What stock is worth, and that what is there is what came less what went, in quantity and in value."""

import threading
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from core.errors import InvalidInput
from inventory import ledger, sums, valuation
from inventory import services as inventory
from inventory.ledger import Entry
from inventory.models import MovementKind
from tests.conftest import Shop, open_shop, receive
from tests.inventory.shipping import arrival, sent, shown, step
from tests.places import add_member, add_place
from tests.races import administrator, at_once
from tests.sales.calls import give_back, lines_of, sell
from tests.test_query_counts import statements

VALUATION = "/api/v1/inventory/valuation/"


def reconciliation(shop, product=None, *, by=None):
    pk = (product or shop.products[0]).pk
    return shown(shop.client(by).get(f"/api/v1/inventory/products/{pk}/reconciliation/"))


def worth(shop, *, by=None, **query):
    return shown(shop.client(by).get(VALUATION, query))


def numbers(flow):
    """What is not nothing, as decimals."""
    return {name: Decimal(number) for name, number in flow.items() if Decimal(number)}


def counted(shop, product, quantity):
    with shop.inside():
        count = inventory.open_count(by=shop.owner, location=shop.storefront.pk)
        items = [{"product": product.pk, "counted": Decimal(quantity)}]
        inventory.scan_products(by=shop.owner, count=count, items=items)
        inventory.approve_count(by=shop.owner, count=count)


def post(shop, kind, quantity, at):
    """Past all services: so much of the first batch, at a moment. Call it inside the shop's scope."""
    batch = shop.account.stock_products.order_by("id").first()
    entry = Entry(batch.pk, kind, Decimal(quantity))
    assert ledger.post([entry], by=shop.owner, source=shop.register, occurred_at=at)


# --- Reconciliation ---------------------------------------------------------------------------------------------------


@pytest.fixture
def lived(db) -> Shop:
    """One product to which everything has happened: bought twice, sent back, sold, given back, damaged, sent to another
    place, in part received, in part missing, counted too many and too few."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="20")  # at 0.5
    there = add_place(shop)  # 50 at 0.5
    with shop.inside():
        stock = receive(shop, "10", unit_cost=Decimal("1.2345"))
        batch = stock.batches.get()
        inventory.send_back_stock(by=shop.owner, stock=stock, items=[{"batch": batch.pk, "quantity": Decimal(2)}])
    sale = sell(shop, "6")
    line = lines_of(shop, sale)[0]
    give_back(shop, sale, [(line, "2", "SHELF")])
    give_back(shop, sale, [(line, "1", "DAMAGED")])
    transfer = sent(shop, there, "10")
    shown(step(shop, transfer, "receive", arrival(transfer, accepted="4", missing="1")))
    counted(shop, shop.products[0], "13")
    counted(shop, shop.products[0], "12.5")
    return shop


def test_what_is_there_is_what_came_less_what_went_by_place_and_in_total(lived):
    found = reconciliation(lived)
    places = {place["name"]: place for place in found["places"]}
    assert set(places) == {"Main", "Kumasi", "In transit"}
    main, there, road = (places[name] for name in ("Main", "Kumasi", "In transit"))
    assert numbers(main["quantity"]) == {
        "received": 30, "sent_back": 2, "sold": 6, "returned": 3, "lost": Decimal("2.5"), "moved": -10,
        "on_hand": Decimal("12.5"),
    }  # fmt: skip
    assert numbers(there["quantity"]) == {"received": 50, "moved": 4, "on_hand": 54}
    assert numbers(road["quantity"]) == {"moved": 6, "lost": 1, "on_hand": 5}
    assert numbers(found["total"]["quantity"]) == {
        "received": 80, "sent_back": 2, "sold": 6, "returned": 3, "lost": Decimal("3.5"), "on_hand": Decimal("66.5"),
        "in_transit": 5,
    }  # fmt: skip
    assert [place["adds_up"] for place in (main, there, road, found["total"])] == [True] * 4
    assert [place["kind"] for place in (main, there, road)] == ["STOREFRONT", "STOREFRONT", "TRANSIT"]


def test_the_same_holds_in_value(lived):
    found = reconciliation(lived)
    for place in found["places"]:
        value = {name: Decimal(number) for name, number in place["value"].items()}
        came = value["received"] + value["returned"] + value["found"] + value["moved"]
        assert value["on_hand"] == came - value["sent_back"] - value["sold"] - value["lost"]
    total = {name: Decimal(number) for name, number in found["total"]["value"].items()}
    assert total["received"] == Decimal(20 + 50) / 2 + 10 * Decimal("1.2345")
    assert total["sent_back"] == 2 * Decimal("1.2345")
    assert (total["sold"], total["moved"], total["in_transit"]) == (3, 0, Decimal("2.5"))
    assert total["on_hand"] + total["in_transit"] == (
        total["received"] - total["sent_back"] - total["sold"] + total["returned"] - total["lost"] + total["found"]
    )
    with lived.inside():
        rows = lived.account.stock_products.values_list("quantity", "unit_cost")
        assert sum(quantity * cost for quantity, cost in rows) == total["on_hand"] + total["in_transit"]


def test_what_was_counted_too_many_is_found(lived):
    before = reconciliation(lived)["total"]
    counted(lived, lived.products[0], "15")
    after = reconciliation(lived)["total"]
    gained = {name: Decimal(after["quantity"][name]) - Decimal(before["quantity"][name]) for name in after["quantity"]}
    assert {name: gain for name, gain in gained.items() if gain} == {"found": Decimal("2.5"), "on_hand": Decimal("2.5")}
    assert after["adds_up"] is True


def test_the_average_cost_is_the_value_by_the_quantity_half_up_to_four_digits(lived):
    for place in [*(found := reconciliation(lived))["places"], found["total"]]:
        exact = Decimal(place["value"]["on_hand"]) / Decimal(place["quantity"]["on_hand"])
        assert abs(Decimal(place["average_cost"]) - exact) <= Decimal("0.00005")
        assert len(place["average_cost"].partition(".")[2]) == 4
    assert valuation.average_cost(Decimal(8), Decimal("1.0004")) == Decimal("0.1251")  # 0.12505
    assert valuation.average_cost(Decimal(3), Decimal(2)) == Decimal("0.6667")
    assert valuation.average_cost(Decimal(0), Decimal(0)) is None


def test_of_what_never_came_and_of_what_is_gone_there_is_no_average(lived):
    with lived.inside():
        new = inventory.add_product(by=lived.owner, sku="NEW", name="New", retail_price=Decimal(5))
    found = reconciliation(lived, new)
    assert (found["places"], found["total"]["average_cost"], found["total"]["adds_up"]) == ([], None, True)
    assert numbers(found["total"]["quantity"]) == numbers(found["total"]["value"]) == {}
    counted(lived, lived.products[0], "0")
    (main,) = [place for place in reconciliation(lived)["places"] if place["name"] == "Main"]
    assert (main["average_cost"], main["quantity"]["on_hand"]) == (None, "0.000")


def test_who_works_at_one_place_sees_that_place_and_what_was_moved_to_and_from_it(lived):
    keeper = add_member(lived, Role.WAREHOUSE, lived.storefront)
    found, whole = reconciliation(lived, by=keeper), reconciliation(lived)
    assert found["places"] == [place for place in whole["places"] if place["name"] == "Main"]
    assert found["total"]["quantity"] == {**found["places"][0]["quantity"], "in_transit": "0.000"}
    assert (found["total"]["quantity"]["moved"], found["total"]["adds_up"]) == ("-10.000", True)
    nowhere = add_member(lived, Role.WAREHOUSE, name="Kojo", is_limited=True)
    assert reconciliation(lived, by=nowhere)["places"] == []


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stock_products SET quantity = 7",
        "UPDATE stock_movements SET value = 1",
        "UPDATE stock_movements SET kind = 'ARRIVED'",  # at the place it still adds up, but from where did it come?
    ],
)
def test_what_does_not_add_up_says_so(committed, statement):
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="20")
    assert reconciliation(shop)["total"]["adds_up"] is True
    with administrator() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement).rowcount == 1
    found = reconciliation(shop)
    assert found["total"]["adds_up"] is False
    assert found["places"][0]["adds_up"] is ("ARRIVED" in statement)


def test_it_adds_up_at_every_instant_while_the_shop_sells(busy):
    stop = threading.Event()

    def sell_some():
        try:
            for _ in range(40):
                with busy.inside():
                    post(busy, MovementKind.SOLD, "-1", timezone.now())
        finally:
            stop.set()

    def look():
        seen = []
        while not stop.is_set():
            with busy.inside():
                seen.append(valuation.reconcile(busy.owner, busy.products[0]).total.adds_up)
        return all(seen) and len(seen)

    results = at_once([sell_some, look, look])
    assert results[0] is None
    assert all(results[1:])
    assert list(sums.find_disagreements(using="staff")) == []


# --- The value of all stock -------------------------------------------------------------------------------------------


def values(found):
    return {place["name"]: Decimal(place["value"]) for place in found["places"]}


def test_the_value_now_is_that_of_all_batches_by_place_and_in_total(lived):
    found = worth(lived)
    with lived.inside():
        rows = lived.account.stock_products.values_list("location__name", "quantity", "unit_cost")
        wanted: dict[str, Decimal] = {}
        for name, quantity, cost in rows:
            wanted[name] = wanted.get(name, Decimal(0)) + quantity * cost
    assert values(found) == wanted
    assert Decimal(found["total"]) == sum(wanted.values())
    assert found["on"] is None
    today = str(timezone.localdate(timezone=lived.account.zone))
    assert worth(lived, on=today) == {**found, "on": today}


@pytest.fixture
def nairobi(db) -> Shop:
    """A shop whose day begins three hours before that of UTC; 20 came at 0.5 on 1 March, 5 left at the last second of
    that day, 7 at the first of the next, and 1 came back a year later."""
    shop = open_shop("Nairobi", country="KE", currency="KES", time_zone="Africa/Nairobi", prices=("10.00",), stock="0")
    zone = ZoneInfo("Africa/Nairobi")
    with shop.inside():
        inventory.receive_stock(
            by=shop.owner,
            location=shop.storefront.pk,
            items=[{"product": shop.products[0].pk, "quantity": Decimal(20), "unit_cost": Decimal("0.5")}],
            occurred_at=datetime(2025, 3, 1, tzinfo=zone),
        )
        post(shop, MovementKind.SOLD, "-5", datetime(2025, 3, 1, 23, 59, 59, 999999, tzinfo=zone))
        post(shop, MovementKind.SOLD, "-7", datetime(2025, 3, 2, tzinfo=zone))
        post(shop, MovementKind.RETURNED, "1", datetime(2026, 3, 2, tzinfo=zone))
    return shop


@pytest.mark.parametrize(
    ("on", "value"),
    [
        ("0001-01-01", "0"),
        ("2025-02-28", "0"),
        ("2025-03-01", "7.5"),
        ("2025-03-02", "4"),
        ("2026-03-01", "4"),
        ("2026-03-02", "4.5"),
        (None, "4.5"),
    ],
)
def test_the_value_at_the_end_of_a_day_is_that_of_all_that_happened_before_the_next_midnight_there(nairobi, on, value):
    found = worth(nairobi, **({"on": on} if on else {}))
    assert (found["on"], Decimal(found["total"])) == (on, Decimal(value))
    assert values(found) == {"Main": Decimal(value), "In transit": 0}


def test_on_every_day_it_is_the_sum_of_the_movements_up_to_it(lived):
    with lived.inside():
        for days in range(1, 9):
            post(lived, MovementKind.FOUND, f"0.{days}", timezone.now() - timedelta(days=days, hours=days))
        moved = list(lived.account.stock_movements.values_list("location__name", "value", "occurred_at"))
        zone = lived.account.zone
        today = timezone.localdate(timezone=zone)
        for days in range(12):
            on = today - timedelta(days=days)
            until = datetime.combine(on + timedelta(days=1), datetime.min.time(), tzinfo=zone)
            found = valuation.value_stock(lived.owner, on=on)
            for place in found.places:
                before = [value for name, value, at in moved if name == place.name and at < until]
                assert place.value == sum(before)


def test_the_day_is_that_of_the_shop_not_of_the_server(db):
    shop = open_shop("Auckland", country="NZ", currency="NZD", time_zone="Pacific/Auckland", prices=("1.00",))
    with time_machine.travel("2027-03-01T12:30:00Z", tick=False):
        with shop.inside():
            assert valuation.value_stock(shop.owner, on=date(2027, 3, 2)).total == 50
        with shop.inside(), pytest.raises(InvalidInput):
            valuation.value_stock(shop.owner, on=date(2027, 3, 3))


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"on": "9999-12-31"}, "on", "in_future"),
        ({"on": "2025-02-30"}, "on", "invalid"),
        ({"on": "heute"}, "on", "invalid"),
        ({"on": "٢٠٢٥-01-01"}, "on", "invalid"),
        ({"on": ""}, "on", "invalid"),
        ({"location": "1"}, "location", "invalid"),
        ({"location": str(uuid7())}, "location", "does_not_exist"),
        ({"day": "2025-01-01"}, "day", "unknown_parameter"),
    ],
)
def test_a_day_to_come_and_what_is_no_day_or_place_is_400(lived, query, field, code):
    response = lived.client().get(VALUATION, query)
    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [(field, code)]


def test_tomorrow_is_still_to_come(lived):
    today = timezone.localdate(timezone=lived.account.zone)
    assert lived.client().get(VALUATION, {"on": str(today)}).status_code == 200
    assert lived.client().get(VALUATION, {"on": str(today + timedelta(days=1))}).status_code == 400


def test_one_place_is_asked_for_by_its_id_where_one_works(lived, stranger):
    whole = worth(lived)
    for place in whole["places"]:
        assert worth(lived, location=place["location"]) == {**whole, "places": [place], "total": place["value"]}
    keeper = add_member(lived, Role.WAREHOUSE, lived.storefront)
    (mine,) = [place for place in whole["places"] if place["name"] == "Main"]
    assert worth(lived, by=keeper) == worth(lived, by=keeper, location=mine["location"])
    assert worth(lived, by=keeper)["places"] == [mine]
    others = [place["location"] for place in whole["places"] if place != mine] + [str(stranger.storefront.pk)]
    for location in others:
        assert lived.client(keeper).get(VALUATION, {"location": location}).status_code == 400
    nowhere = add_member(lived, Role.WAREHOUSE, name="Kojo", is_limited=True)
    assert worth(lived, by=nowhere) == {"on": None, "places": [], "total": "0.0000000"}


def test_both_cost_one_statement_beyond_who_is_asking(lived):
    client = lived.client()
    product = f"/api/v1/inventory/products/{lived.products[0].pk}/reconciliation/"
    asked = [("/api/v1/accounts/auth/me/", 0), (VALUATION, 1), (f"{VALUATION}?on=2026-01-01", 1), (product, 2)]
    for path, _ in asked:
        assert client.get(path).status_code == 200
    signing_in, *costs = (len(statements(lambda url=path: client.get(url))) for path, _ in asked)
    assert costs == [signing_in + more for _, more in asked[1:]]


# Further lines of one batch, one every quarter of an hour back from now.
HISTORY = """
INSERT INTO stock_movements (id, account_id, stock_product_id, product_id, location_id, sequence, kind, quantity,
  unit_cost, value, balance_after, source, source_id, by_id, occurred_at, recorded_at)
SELECT gen_random_uuid(), account_id, stock_product_id, product_id, location_id, sequence + n, 'SOLD', -1,
  unit_cost, -unit_cost, 0, 'sale', source_id, by_id, now() - n * interval '15 minutes', now()
FROM stock_movements, generate_series(1, 20000) n WHERE account_id = %s
"""


def test_the_value_of_last_week_reads_only_what_has_moved_since(committed):
    shop = open_shop("Ama Provisions", prices=("10.00",))
    with administrator() as admin:
        admin.execute(HISTORY, [shop.id])
        admin.execute("ANALYZE stock_movements")
    plans = []

    def explain(execute, sql, params, many, context):
        execute(f"EXPLAIN {sql}", params, many, context)
        plans.append(context["cursor"].fetchall())
        return execute(sql, params, many, context)

    with shop.inside(), connection.execute_wrapper(explain):
        valuation.value_stock(shop.owner, on=timezone.localdate() - timedelta(days=7))
    (plan,) = plans
    assert "movements_by_time" in str(plan)
    assert "Seq Scan on stock_movements" not in str(plan)
