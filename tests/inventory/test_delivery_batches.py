"""Deliveries of what expires, and of what is tracked piece by piece."""

from datetime import date
from decimal import Decimal

import pytest

from inventory import services, sums
from inventory.models import MovementKind
from tests.answers import fields_of, paths_of, refused
from tests.conftest import Shop, open_shop
from tests.inventory.delivering import batches_of, of_pieces, sent, tracked
from tests.inventory.requests import STOCK, delivery
from tests.races import at_once


@pytest.fixture
def bare(db) -> Shop:
    """A business with three products and nothing on the shelf."""
    return open_shop("Bare Shelves", stock="0")


def adds_up() -> bool:
    return list(sums.find_disagreements(using="staff")) == []


@pytest.mark.django_db
def test_what_is_tracked_by_batch_comes_with_the_day_on_which_it_expires(bare):
    milk = tracked(bare, "BATCH")
    wanted = delivery(bare, product=str(milk.pk))
    for nothing in ({}, {"expiry_date": None}):
        item = {**wanted["items"][0], **nothing}
        failure = refused(
            bare, lambda item=item: bare.client().post(STOCK, {**wanted, "items": [item]}), 400, "expiry_required"
        )
        assert paths_of(failure) == [("items.0.expiry_date", "expiry_required")]
    wanted["items"][0]["expiry_date"] = "2030-01-31"
    (batch,) = batches_of(bare, sent(bare, wanted)["id"])
    assert batch.expires_on == date(2030, 1, 31)


@pytest.mark.django_db
def test_each_piece_comes_by_its_serial_number_with_a_line_of_its_own(bare):
    phone = tracked(bare, "SERIAL")
    told = sent(bare, of_pieces(bare, phone, "IMEI-1", "ɖɛ-2", "IMEI-3"))
    (batch,) = batches_of(bare, told["id"])
    assert (batch.quantity, batch.movement_count) == (3, 3)
    with bare.inside():
        lines = bare.account.stock_movements.filter(stock_product=batch).select_related("serial").order_by("sequence")
        assert [(line.serial.number, line.quantity, line.balance_after) for line in lines] == [
            ("IMEI-1", 1, 1),
            ("ɖɛ-2", 1, 2),
            ("IMEI-3", 1, 3),
        ]
        pieces = bare.account.serial_numbers.values_list("number", "product_id", "stock_product_id")
        assert sorted(pieces) == sorted((n, phone.pk, batch.pk) for n in ("IMEI-1", "ɖɛ-2", "IMEI-3"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("quantity", "numbers"),
    [
        ("2", ["A"]),
        ("1", ["A", "B"]),
        ("2", ["A", "A"]),
        ("2", ["A", "A", "B"]),
        ("1", []),
        ("1.5", ["A"]),
        ("0.5", ["A"]),
    ],
)
def test_pieces_without_a_number_of_their_own_are_400(bare, quantity, numbers):
    wanted = of_pieces(bare, tracked(bare, "SERIAL"), *numbers, quantity=quantity)
    failure = refused(bare, lambda: bare.client().post(STOCK, wanted), 400, "serials_required")
    assert paths_of(failure) == [("items.0.serials", "serials_required")]


@pytest.mark.django_db
@pytest.mark.parametrize("tracking", ["NONE", "BATCH"])
def test_what_is_not_tracked_by_piece_has_no_serial_numbers(bare, tracking):
    wanted = of_pieces(bare, tracked(bare, tracking), "A")
    wanted["items"][0]["expiry_date"] = "2030-01-31"
    refused(bare, lambda: bare.client().post(STOCK, wanted), 400, "serials_required")


@pytest.mark.django_db
def test_one_number_in_two_items_of_a_delivery_is_400(bare):
    wanted = of_pieces(bare, tracked(bare, "SERIAL"), "A", "B")
    wanted["items"].append({**wanted["items"][0], "serials": ["C", "A"]})
    failure = refused(bare, lambda: bare.client().post(STOCK, wanted), 400, "serials_required")
    assert fields_of(failure) == ["items.0.serials"]


@pytest.mark.django_db
@pytest.mark.parametrize("numbers", [[""], ["x" * 65], [7], [None], "A", {"0": "A"}, [["A"]]])
def test_what_is_no_serial_number_is_400(bare, numbers):
    wanted = delivery(bare, "1", product=str(tracked(bare, "SERIAL").pk), serials=numbers)
    failure = refused(bare, lambda: bare.client().post(STOCK, wanted), 400, "invalid_input")
    assert fields_of(failure)[0].startswith("items.0.serials")


@pytest.mark.django_db
def test_a_piece_that_is_here_does_not_come_again_and_one_that_left_does(bare):
    phone, other = tracked(bare, "SERIAL"), tracked(bare, "SERIAL", "OTHER")
    (batch,) = batches_of(bare, sent(bare, of_pieces(bare, phone, "A", "B"))["id"])
    failure = refused(
        bare, lambda: bare.client().post(STOCK, of_pieces(bare, phone, "C", "A")), 409, "serial_number_taken"
    )
    assert paths_of(failure) == [("items.0.serials", "serial_number_taken")]
    sent(bare, of_pieces(bare, other, "A"))  # another product's piece
    with bare.inside():
        piece = bare.account.serial_numbers.get(product=phone, number="A")
        stock = bare.account.stock.get(pk=batch.stock_id)
        item = {"batch": batch.pk, "quantity": Decimal(1), "serials": ["A"]}
        services.send_back_stock(by=bare.owner, stock=stock, items=[item])
    (again,) = batches_of(bare, sent(bare, of_pieces(bare, phone, "A"))["id"])
    with bare.inside():
        piece.refresh_from_db()
        assert piece.stock_product_id == again.pk
        history = piece.movements.filter(account=bare.account).order_by("id").values_list("kind", flat=True)
        assert list(history) == [MovementKind.RECEIVED, MovementKind.SENT_BACK, MovementKind.RECEIVED]


@pytest.mark.django_db
def test_a_serial_number_is_free_in_every_other_business(bare, stranger):
    for shop in (bare, stranger):
        sent(shop, of_pieces(shop, tracked(shop, "SERIAL"), "A"))


@pytest.mark.usefixtures("committed")
def test_a_piece_that_comes_twice_at_the_same_instant_comes_once():
    shop = open_shop("Phones", prices=(), stock="0")
    phone = tracked(shop, "SERIAL")

    def deliver(*numbers: str):
        with shop.inside():
            return services.receive_stock(
                by=shop.owner,
                location=shop.storefront.pk,
                items=[
                    {
                        "product": phone.pk,
                        "quantity": Decimal(len(numbers)),
                        "unit_cost": Decimal(1),
                        "serials": list(numbers),
                    }
                ],
            ).pk

    results = at_once([lambda i=i: deliver(*(["A", "B"][:: 1 if i % 2 else -1])) for i in range(6)])
    refusals = [result for result in results if isinstance(result, Exception)]
    assert len(refusals) == 5
    assert {type(refusal).__name__ for refusal in refusals} == {"SerialNumberTaken"}
    with shop.inside():
        assert shop.account.serial_numbers.count() == 2
        assert sum(shop.account.stock_products.values_list("quantity", flat=True)) == 2
        assert shop.account.stock.get().number == "GR-000001"
    assert adds_up()
