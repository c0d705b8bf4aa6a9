"""Goods go back to their supplier: out of the delivery that they came with, and never more than is there."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import ledger, services
from inventory.models import MovementKind
from tests.answers import fields_of, ids, paths_of, refused
from tests.conftest import Shop, receive
from tests.inventory.requests import STOCK
from tests.places import add_member, add_place
from tests.stock import move, on_hand
from tests.test_query_counts import statements

RETURNS = "/api/v1/inventory/supplier-returns/"


def batches_of(shop: Shop, stock) -> list:
    with shop.inside():
        return list(shop.account.stock_products.filter(stock=stock, origin=None).order_by("id"))


@pytest.fixture
def came(shop):
    """The one delivery that the shop has had: 100 of each of three products."""
    with shop.inside():
        return shop.account.stock.get()


def phones(shop: Shop, *numbers: str):
    """A delivery of pieces, and its batch."""
    with shop.inside():
        found = shop.account.products.filter(sku="FONE").first() or services.add_product(
            by=shop.owner, sku="FONE", name="Phone", retail_price=Decimal(9), tracking="SERIAL"
        )
        stock = services.receive_stock(
            by=shop.owner,
            location=shop.storefront.pk,
            items=[
                {
                    "product": found.pk,
                    "quantity": Decimal(len(numbers)),
                    "unit_cost": Decimal(40),
                    "serials": list(numbers),
                }
            ],
        )
    return stock, batches_of(shop, stock)[0]


def item(batch, quantity: str = "1", **facts):
    return {"batch": str(batch.pk), "quantity": quantity, **facts}


def send(shop: Shop, stock, *items, member=None, **facts):
    body = {"id": str(uuid7()), "items": list(items), **facts}
    return shop.client(member).post(f"{STOCK}{stock.pk}/return/", body)


def sent_back(shop: Shop, stock, *items, **facts):
    response = send(shop, stock, *items, **facts)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def unchanged(shop: Shop, call, status: int, code: str):
    """The call is refused and nothing has gone back, not even a number; the body."""

    def papers():
        with shop.inside():
            return (
                shop.account.supplier_returns.count(),
                list(shop.account.document_counters.order_by("code").values_list("code", "last_number")),
                list(shop.account.serial_numbers.order_by("id").values_list("id", "stock_product_id")),
            )

    before = papers()
    body = refused(shop, call, status, code)
    assert papers() == before
    return body


# --- What goes back ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_goods_of_a_delivery_go_back_with_a_paper_whose_lines_are_the_ledgers(shop, came):
    first, second, _ = batches_of(shop, came)
    paper = sent_back(shop, came, item(first, "2.5"), item(second, "100"), reason="Mouldy – ɛnyɛ")
    assert (paper["number"], paper["stock"], paper["reason"]) == ("SR-000001", str(came.pk), "Mouldy – ɛnyɛ")
    assert (paper["location"], paper["supplier"], paper["returned_by"]) == (
        str(shop.storefront.pk),
        None,
        str(shop.owner.pk),
    )
    assert [
        (row["batch"], row["sku"], row["quantity"], row["unit_cost"], row["value"], row["serial"])
        for row in paper["lines"]
    ] == [
        (str(first.pk), "SKU-0", "2.500", "0.5000", "1.2500000", None),
        (str(second.pk), "SKU-1", "100.000", "0.5000", "50.0000000", None),
    ]
    assert shop.client().get(f"{RETURNS}{paper['id']}/").json()["data"] == paper
    with shop.inside():
        lines = shop.account.stock_movements.filter(source_id=paper["id"]).order_by("id")
        assert [(line.kind, line.source, line.quantity, line.balance_after) for line in lines] == [
            (MovementKind.SENT_BACK, "supplierreturn", Decimal("-2.5"), Decimal("97.5")),
            (MovementKind.SENT_BACK, "supplierreturn", -100, 0),
        ]
        (event,) = shop.account.audit_events.filter(subject_id=paper["id"])
    assert (event.action, event.by_id) == ("supplierreturn.sent", shop.owner.pk)
    assert event.after == {"number": "SR-000001", "stock": str(came.pk), "items": 2}
    assert on_hand(shop) == [Decimal("97.5"), 0, 100]


@pytest.mark.django_db
def test_more_than_is_on_hand_does_not_go_back_and_all_that_lacks_is_named(shop, came):
    first, second, third = batches_of(shop, came)
    move(shop, (first.pk, "-40"))
    items = item(first, "60.001"), item(second, "100"), item(third, "50"), item(third, "50.5")
    body = unchanged(shop, lambda: send(shop, came, *items), 409, "insufficient_stock")
    assert [(error["field"], error["detail"]) for error in body["errors"]] == [
        ("items.0.quantity", "60.000 available."),
        ("items.2.quantity", "100.000 available."),
        ("items.3.quantity", "100.000 available."),
    ]
    assert body["meta"]["available"] == {str(first.pk): "60.000", str(third.pk): "100.000"}
    sent_back(shop, came, item(first, "60"), item(third, "50"), item(third, "50"))
    assert on_hand(shop) == [0, 100, 0]


@pytest.mark.django_db
def test_what_has_expired_goes_back_too(shop):
    with shop.inside():
        stock = receive(shop, "3", expires_on=timezone.localdate() - timedelta(days=9))
    (batch, *_) = batches_of(shop, stock)
    sent_back(shop, stock, item(batch, "3"))


@pytest.mark.django_db
def test_a_batch_of_another_delivery_or_business_is_as_unknown_as_none(shop, came, stranger):
    with shop.inside():
        other = receive(shop, "5")
    with stranger.inside():
        foreign = stranger.account.stock.get()
    (own, *_) = batches_of(shop, came)
    for batch in (batches_of(shop, other)[0].pk, batches_of(stranger, foreign)[0].pk, uuid7()):
        items = item(own), {"batch": str(batch), "quantity": "1"}
        body = unchanged(shop, lambda items=items: send(shop, came, *items), 400, "invalid_input")
        assert paths_of(body) == [("items.1.batch", "does_not_exist")]
    unchanged(shop, lambda: send(shop, foreign, item(own)), 404, "not_found")


@pytest.mark.django_db
def test_what_was_moved_to_another_place_does_not_go_back_from_there(shop, came):
    (batch, *_), there = batches_of(shop, came), add_place(shop)
    with shop.inside():
        moved = shop.account.stock_products.create(
            stock=came,
            origin=batch,
            product_id=batch.product_id,
            location=there.storefront,
            purchase_cost=batch.purchase_cost,
            unit_cost=batch.unit_cost,
            received_at=timezone.now(),
        )
        entries = [
            ledger.Entry(batch.pk, MovementKind.DISPATCHED, Decimal(-60)),
            ledger.Entry(moved.pk, MovementKind.ARRIVED, Decimal(60)),
        ]
        assert ledger.post(entries, by=shop.owner, source=came, occurred_at=timezone.now())
    body = unchanged(shop, lambda: send(shop, came, item(moved)), 400, "invalid_input")
    assert paths_of(body) == [("items.0.batch", "does_not_exist")]
    unchanged(shop, lambda: send(shop, came, item(batch, "41")), 409, "insufficient_stock")
    sent_back(shop, came, item(batch, "40"))
    shown = shop.client().get(f"{STOCK}{came.pk}/").json()["data"]["items"]
    assert (shown[0]["id"], shown[0]["quantity"], len(shown)) == (str(batch.pk), "0.000", 3)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "0"}, "items.0.quantity"),
        ({"quantity": "-1"}, "items.0.quantity"),
        ({"quantity": "0.0001"}, "items.0.quantity"),
        ({"quantity": "NaN"}, "items.0.quantity"),
        ({"quantity": "٣"}, "items.0.quantity"),
        ({"quantity": "9" * 12}, "items.0.quantity"),
        ({"batch": "7"}, "items.0.batch"),
        ({"batch": None}, "items.0.batch"),
        ({"product": str(uuid7())}, "items.0.product"),
    ],
)
def test_s27_an_item_that_is_not_right_is_400_and_says_where(shop, came, change, field):
    """S27."""
    wrong = {**item(batches_of(shop, came)[0]), **change}
    assert fields_of(unchanged(shop, lambda: send(shop, came, wrong), 400, "invalid_input")) == [field]


@pytest.mark.django_db
@pytest.mark.parametrize("items", [[], None, {}, "all", [7]])
def test_a_return_of_nothing_is_400(shop, came, items):
    url = f"{STOCK}{came.pk}/return/"
    body = {"id": str(uuid7()), "items": items}
    unchanged(shop, lambda: shop.client().post(url, body), 400, "invalid_input")


@pytest.mark.django_db
def test_all_that_there_can_be_goes_back_to_the_last_thousandth(shop):
    with shop.inside():
        stock = receive(shop, "99999999999.999")
    (batch, *_) = batches_of(shop, stock)
    sent_back(shop, stock, item(batch, "0.001"))
    sent_back(shop, stock, item(batch, "99999999999.998"))
    unchanged(shop, lambda: send(shop, stock, item(batch, "0.001")), 409, "insufficient_stock")


# --- Pieces -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_pieces_go_back_by_their_numbers(shop):
    stock, batch = phones(shop, "A", "B", "C")
    paper = sent_back(shop, stock, item(batch, "2", serials=["C", "A"]))
    assert [(row["serial"], row["quantity"], row["value"]) for row in paper["lines"]] == [
        ("C", "1.000", "40.0000000"),
        ("A", "1.000", "40.0000000"),
    ]
    with shop.inside():
        assert list(shop.account.serial_numbers.filter(stock_product=batch).values_list("number", flat=True)) == ["B"]
    body = unchanged(shop, lambda: send(shop, stock, item(batch, serials=["A"])), 409, "serial_elsewhere")
    assert paths_of(body) == [("items.0.serials", "serial_elsewhere")]


@pytest.mark.django_db
def test_a_piece_of_another_batch_does_not_go_back_out_of_this_one(shop):
    (stock, batch), (_, other) = phones(shop, "A"), phones(shop, "B")
    assert batch.product_id == other.product_id
    unchanged(shop, lambda: send(shop, stock, item(batch, serials=["B"])), 409, "serial_elsewhere")
    unchanged(shop, lambda: send(shop, stock, item(batch, serials=["never"])), 409, "serial_elsewhere")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("quantity", "numbers"), [("1", []), ("2", ["A"]), ("1", ["A", "B"]), ("2", ["A", "A"]), ("0.5", ["A"])]
)
def test_pieces_without_a_number_of_their_own_do_not_go_back(shop, quantity, numbers):
    stock, batch = phones(shop, "A", "B", "C")
    body = unchanged(shop, lambda: send(shop, stock, item(batch, quantity, serials=numbers)), 400, "serials_required")
    assert paths_of(body) == [("items.0.serials", "serials_required")]
    twice = item(batch, serials=["A"]), item(batch, serials=["A"])
    unchanged(shop, lambda: send(shop, stock, *twice), 400, "serials_required")


@pytest.mark.django_db
def test_what_is_not_tracked_by_piece_goes_back_without_numbers(shop, came):
    (batch, *_) = batches_of(shop, came)
    unchanged(shop, lambda: send(shop, came, item(batch, serials=["A"])), 400, "serials_required")


# --- Once, and by whom ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_return_that_is_sent_twice_goes_back_once(shop, came):
    (batch, *_), url = batches_of(shop, came), f"{STOCK}{came.pk}/return/"
    body = {"id": str(uuid7()), "items": [item(batch, "60")]}
    first, again = (shop.client().post(url, body) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert first.json()["data"]["id"] == body["id"]
    assert on_hand(shop) == [40, 100, 100]
    unchanged(shop, lambda: shop.client().post(url, {**body, "reason": "x"}), 422, "idempotency_key_reused")
    del body["id"]
    unchanged(shop, lambda: shop.client().post(url, body), 400, "idempotency_key_required")


@pytest.mark.django_db
def test_a_cashier_looks_at_returns_and_makes_none(shop, came):
    (batch, *_) = batches_of(shop, came)
    paper = sent_back(shop, came, item(batch))
    unchanged(shop, lambda: send(shop, came, item(batch), member=shop.cashier), 403, "capability_missing")
    assert shop.client(shop.cashier).get(f"{RETURNS}{paper['id']}/").status_code == 200


@pytest.mark.django_db
def test_who_works_at_one_place_sends_nothing_back_from_another(shop, came):
    there = add_place(shop)
    with shop.inside():
        other = shop.account.stock.get(location=there.storefront)
    theirs = sent_back(shop, other, item(batches_of(shop, other)[0]))
    member = add_member(shop, "WAREHOUSE", shop.storefront)
    own = sent_back(shop, came, item(batches_of(shop, came)[0]), member=member)
    mine = shop.client(member)
    assert [row["id"] for row in mine.get(RETURNS).json()["results"]] == [own["id"]]
    refused(shop, lambda: mine.get(f"{RETURNS}{theirs['id']}/"), 404, "not_found")
    batch = batches_of(shop, other)[0]
    unchanged(shop, lambda: send(shop, other, item(batch), member=member), 404, "not_found")


@pytest.mark.django_db
def test_every_filter_of_returns_really_filters(shop, came):
    there = add_place(shop)
    with shop.inside():
        trader = shop.account.suppliers.create(name="Makola Traders")
        other = shop.account.stock.get(location=there.storefront)
        shop.account.stock.filter(pk=other.pk).update(supplier=trader)
    first = sent_back(shop, came, item(batches_of(shop, came)[0]), reason="Torn ɔ")["id"]
    second = sent_back(shop, other, item(batches_of(shop, other)[0]))["id"]
    for query, wanted in (
        ({}, {first, second}),
        ({"stock": came.pk}, {first}),
        ({"supplier": trader.pk}, {second}),
        ({"location": there.storefront.pk}, {second}),
        ({"search": "torn"}, {first}),
        ({"search": "sr-000002"}, {second}),
        ({"stock": uuid7()}, set()),
    ):
        assert ids(shop, RETURNS, **query) == wanted, query
    refused(shop, lambda: shop.client().get(RETURNS, {"supplier": "7"}), 400, "invalid_input")
    for verb in ("post", "put", "patch", "delete"):
        refused(shop, lambda verb=verb: getattr(shop.client(), verb)(RETURNS), 405, "method_not_allowed")


@pytest.mark.django_db
def test_a_return_of_two_hundred_items_costs_what_one_of_one_costs(shop):
    def cost(count: int) -> list[int]:
        with shop.inside():
            facts = {"unit_cost": Decimal(1), "product": shop.products[0].pk, "quantity": Decimal(2)}
            stock = services.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[facts] * count)
        items = [item(batch) for batch in batches_of(shop, stock)]
        papers = []
        made = statements(lambda: papers.append(sent_back(shop, stock, *items)))
        shown = statements(lambda: shop.client().get(f"{RETURNS}{papers[0]['id']}/"))
        assert len(papers[0]["lines"]) == count
        return [len(made), len(shown)]

    cost(1)
    assert cost(1) == cost(200) == [13, 5]
