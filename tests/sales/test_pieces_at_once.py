"""One piece, and many who want it at the same instant. Every race has its control: the same without the guard."""

import threading
from decimal import Decimal
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from core.errors import DomainError
from inventory import ledger, sums
from inventory import services as inventory
from inventory.errors import InsufficientStock, SerialElsewhere
from sales import services
from sales.errors import RefundTooMuch, SerialNotSold
from tests.conftest import Shop, open_shop
from tests.pieces import add_phone, sold, way, whereabouts
from tests.races import at_once, count_of, meanwhile, meeting_before, weaken
from tests.sales.calls import unlock_refunds

pytestmark = pytest.mark.usefixtures("committed")

STANDS_THERE = "AND s.stock_product_id IS NOT DISTINCT FROM CASE WHEN quantities[1] < 0 THEN batches[1] END"


@pytest.fixture
def shop(committed) -> Shop:
    """Four phones in two deliveries, and eight tills."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="0")
    shop.products = [add_phone(shop)]
    return shop


def problems() -> list[str]:
    return [row.problem for row in sums.find_disagreements(using="staff")]


def registers(shop: Shop, count: int):
    with shop.inside():
        add = services.add_register
        return [add(by=shop.owner, storefront=shop.storefront, code=f"T{i}", name=f"Till {i}") for i in range(count)]


def sell(shop: Shop, register, *numbers: str):
    with shop.inside():
        return services.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=register.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1), "serials": [number]} for number in numbers],
            payments=[{"method": "CASH", "amount": Decimal(10_000)}],
        )


def sell_together(shop: Shop, count: int = 2):
    """So many tills have all seen A1 on the shelf before one of them takes it."""
    barrier = threading.Barrier(count)

    def sell_it(register):
        with meeting_before("SELECT id, quantity, hold_count", barrier):
            return sell(shop, register, "A1")

    return at_once([lambda r=register: sell_it(r) for register in registers(shop, count)])


def test_s26_many_tills_that_see_one_piece_sell_it_once_and_the_others_are_told_which(shop):
    """S26."""
    outcomes = sell_together(shop, 4)
    lost = [outcome for outcome in outcomes if isinstance(outcome, SerialElsewhere)]
    assert len(lost) == 3
    assert {(error.errors[0].field, *error.meta["serials"]) for error in lost} == {("lines.0.serials", "A1")}
    assert way(shop, "A1") == [("RECEIVED", 1), ("SOLD", -1)]
    with shop.inside():
        assert shop.account.sales.count() == 1
        assert shop.account.stock_products.order_by("id").first().quantity == 1
    assert problems() == []


def test_control_of_two_tills_that_do_not_ask_where_the_piece_stands_both_sell_it(shop, monkeypatch):
    weaken(monkeypatch, ledger, "_MOVE_PIECES", STANDS_THERE)
    assert count_of(sell_together(shop), Exception) == 0
    assert way(shop, "A1") == [("RECEIVED", 1), ("SOLD", -1), ("SOLD", -1)]
    assert any("its movements sum to -1.000 pieces" in problem for problem in problems())
    assert any("holds 0.000, but 1 pieces stand in it" in problem for problem in problems())


def test_s26_baskets_with_the_same_pieces_in_opposite_order_sell_each_once_and_never_wait_in_a_circle(shop):
    """S26."""
    tills = registers(shop, 8)
    numbers = ("A1", "A2", "A3", "A4")
    outcomes = at_once([lambda i=i, r=r: sell(shop, r, *numbers[:: (-1) ** i]) for i, r in enumerate(tills)])
    refusals = [outcome for outcome in outcomes if isinstance(outcome, DomainError)]
    assert len(refusals) == 7
    assert {type(error) for error in refusals} <= {SerialElsewhere, InsufficientStock}
    assert set(whereabouts(shop).values()) == {None}
    assert problems() == []


def test_a_piece_that_is_sold_and_lost_at_once_goes_once(shop):
    item = {"product": shop.products[0].pk, "quantity": Decimal(1), "serials": ["A1"]}

    def lose():
        with shop.inside():
            place = shop.storefront.pk
            return inventory.adjust_stock(by=shop.owner, location=place, kind="LOSS", reason="Gone", lines=[item])

    outcomes = at_once([lambda: sell(shop, shop.register, "A1"), lose])
    assert count_of(outcomes, SerialElsewhere) == 1
    assert len(way(shop, "A1")) == 2
    assert problems() == []


def hold(shop: Shop, quantity: int):
    with shop.inside():
        place, phone = shop.storefront.pk, shop.products[0].pk
        inventory.hold_stock(by=shop.owner, location=place, product=phone, cart=uuid7(), quantity=Decimal(quantity))


def test_s25_a_piece_that_is_held_while_it_is_being_sold_is_looked_at_again(shop):
    """S25."""
    with meanwhile(r"\s*SELECT id, quantity, hold_count", lambda: hold(shop, 3)):
        sell(shop, shop.register, "A3")
    with pytest.raises(InsufficientStock):
        sell(shop, shop.register, "A4")
    assert way(shop, "A3") == [("RECEIVED", 1), ("SOLD", -1)]


def test_s25_all_that_is_held_while_a_piece_is_being_sold_stays_for_its_cart(shop):
    """S25."""
    with pytest.raises(InsufficientStock), meanwhile(r"\s*SELECT id, quantity, hold_count", lambda: hold(shop, 4)):
        sell(shop, shop.register, "A3")
    assert whereabouts(shop)["A3"] == "Main"


# --- Refunds ----------------------------------------------------------------------------------------------------------


def give_back(shop: Shop, sale, *, restock: str, is_locked: bool = True, **extra):
    with shop.inside():
        sales = shop.account.sales
        found = (sales.locked() if is_locked else sales).get(pk=sale["id"])
        back = {"line": UUID(sale["lines"][0]["id"]), "quantity": Decimal(1), "serials": ["A1"], "restock": restock}
        return services.refund_sale(by=shop.owner, sale=found, lines=[back], **extra)


def money_back(shop: Shop) -> list[Decimal]:
    with shop.inside():
        return list(shop.account.refunds.values_list("total", flat=True))


@pytest.mark.parametrize("restock", ["SHELF", "DAMAGED", "NOT_RETURNED"])
def test_s34_a_piece_that_is_refunded_by_many_at_once_is_refunded_once(shop, restock):
    """S34."""
    sale = sold(shop, shop.products[0], "A1", "A2")
    outcomes = at_once([lambda: give_back(shop, sale, restock=restock)] * 4)
    assert count_of(outcomes, SerialNotSold) + count_of(outcomes, RefundTooMuch) == 3
    assert money_back(shop) == [900]
    assert len(way(shop, "A1")) == {"SHELF": 3, "DAMAGED": 4, "NOT_RETURNED": 2}[restock]
    assert problems() == []


def refund_together(shop: Shop, restock: str):
    """Two have both seen that the piece was not refunded, without the sale's lock."""
    sale, barrier = sold(shop, shop.products[0], "A1", "A2"), threading.Barrier(2)

    def refund(register):
        with meeting_before('INSERT INTO "refunds"', barrier):
            return give_back(shop, sale, restock=restock, is_locked=False, register=register.pk)

    return at_once([lambda r=register: refund(r) for register in registers(shop, 2)])


def test_control_without_the_lock_on_the_sale_one_piece_is_paid_back_twice(shop, monkeypatch):
    unlock_refunds(monkeypatch)
    assert count_of(refund_together(shop, "NOT_RETURNED"), Exception) == 0
    assert money_back(shop) == [900, 900]


def test_even_without_the_lock_on_the_sale_a_piece_comes_to_the_shelf_once(shop, monkeypatch):
    unlock_refunds(monkeypatch)
    assert count_of(refund_together(shop, "SHELF"), SerialElsewhere) == 1
    assert (money_back(shop), whereabouts(shop)["A1"]) == ([900], "Main")
    assert problems() == []
