"""A carton is sold as a carton, and leaves the shelf as the pieces that are in it."""

from decimal import Decimal

import pytest

from inventory import sums
from tests.accounts.tills import told
from tests.conftest import open_shop
from tests.stock import on_hand

SALES = "/api/v1/sales/sales/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def bar():
    """A business that sells one thing at 10.00, of which there are 500, singly, by 24 and by the third of one."""
    return open_shop("Ama Provisions", prices=("10.00",), stock="500")


def add_pack(shop, factor="24", name="Carton", price="200.00", **facts):
    with shop.inside():
        return shop.account.product_packs.create(
            product=shop.products[0], name=name, factor=Decimal(factor), retail_price=Decimal(price), **facts
        )


def sell(shop, *lines, **facts):
    product = str(shop.products[0].pk)
    rows = [{"product": product, "pack": pack and str(pack.pk), "quantity": quantity} for pack, quantity in lines]
    return shop.client().post(SALES, shop.basket(lines=rows, **facts))


def sold(shop, *lines, **facts):
    response = sell(shop, *lines, **facts)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def left(shop):
    return sum(on_hand(shop))


def test_s27_one_carton_of_24_is_one_line_at_its_own_price_and_24_pieces_of_the_shelf(bar):
    """S27."""
    carton = add_pack(bar)
    sale = sold(bar, (carton, "1"), (None, "1"))
    first, second = sale["lines"]
    assert (first["name"], first["pack"], first["factor"]) == ("Thing 0, Carton", str(carton.pk), "24.000")
    assert (first["quantity"], first["unit_price"], first["list_price"]) == ("1.000", "200.00", "200.00")
    assert (second["name"], second["pack"], second["factor"]) == ("Thing 0", None, "1.000")
    assert (second["unit_price"], sale["subtotal"]) == ("10.00", "210.00")
    assert left(bar) == 500 - 25
    with bar.inside():
        lines = bar.account.sale_lines.order_by("position").values_list("cost", flat=True)
        assert list(lines) == [Decimal("12.0000000"), Decimal("0.5000000")]


@pytest.mark.parametrize(
    ("factor", "quantity", "pieces"), [("24", "0.5", "12"), ("0.5", "3", "1.5"), ("12.345", "2", "24.69")]
)
def test_s27_fractions_of_packs_and_packs_of_fractions_are_exact(bar, factor, quantity, pieces):
    """S27."""
    sold(bar, (add_pack(bar, factor), quantity))
    assert left(bar) == 500 - Decimal(pieces)


def test_s27_what_is_finer_than_a_thousandth_of_the_unit_is_400_and_sells_nothing(bar):
    """S27."""
    refused = sell(bar, (None, "1"), (add_pack(bar, "0.333"), "0.5"))
    assert told(refused) == (400, "invalid_input")
    assert [(error["field"], error["code"]) for error in refused.json()["errors"]] == [("lines.1.quantity", "too_fine")]
    assert left(bar) == 500


def test_a_carton_that_is_not_all_there_is_not_sold_and_the_refusal_counts_pieces(bar):
    refused = sell(bar, (add_pack(bar), "21"))
    assert told(refused) == (409, "insufficient_stock")
    assert refused.json()["meta"]["available"] == {str(bar.products[0].pk): "500.000"}
    assert left(bar) == 500


def test_pieces_and_cartons_of_one_sale_share_one_shelf(bar):
    carton = add_pack(bar)
    assert told(sell(bar, (carton, "20"), (None, "21"))) == (409, "insufficient_stock")
    sold(bar, (carton, "20"), (None, "20"))
    assert left(bar) == 0


def test_wholesale_is_the_packs_own_where_it_has_one(bar):
    carton = add_pack(bar, wholesale_price=Decimal(150))
    plain = add_pack(bar, "12", "Dozen", "110.00")
    sale = sold(bar, (carton, "1"), (plain, "1"), price_level="WHOLESALE")
    assert [line["unit_price"] for line in sale["lines"]] == ["150.00", "110.00"]


def test_a_pack_of_another_product_of_a_stranger_or_off_the_list_is_unknown(bar, stranger):
    with bar.inside():
        other = bar.account.products.create(sku="X", name="Other", retail_price=Decimal(1))
        foreign = bar.account.product_packs.create(
            product=other, name="Pair", factor=Decimal(2), retail_price=Decimal(2)
        )
    with stranger.inside():
        theirs = stranger.account.product_packs.create(
            product=stranger.products[0], name="Pair", factor=Decimal(2), retail_price=Decimal(2)
        )
    off = add_pack(bar, "6", "Six", is_active=False)
    for pack in (foreign, theirs, off):
        refused = sell(bar, (pack, "1"))
        assert told(refused) == (400, "invalid_input")
        assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [("lines.0.pack", "does_not_exist")]
    assert left(bar) == 500


def test_s34_a_carton_comes_back_as_its_pieces_and_half_of_one_too(bar):
    """S34."""
    sale = sold(bar, (add_pack(bar), "2"))
    (line,) = sale["lines"]
    for n, (quantity, shelf) in enumerate([("0.5", 500 - 36), ("1.5", 500)]):
        body = {"lines": [{"line": line["id"], "quantity": quantity}]}
        back = bar.client().post(f"{SALES}{sale['id']}/refunds/", body, HTTP_IDEMPOTENCY_KEY=f"back {n}")
        assert back.status_code == 201, back.content
        assert left(bar) == shelf
    with bar.inside():
        assert sum(refund.total for refund in bar.account.refunds.all()) == Decimal(400)


def test_a_refund_that_is_finer_than_a_thousandth_is_400_and_gives_nothing_back(bar):
    sale = sold(bar, (add_pack(bar, "0.5"), "2"))
    body = {"lines": [{"line": sale["lines"][0]["id"], "quantity": "0.001"}]}
    refused = bar.client().post(f"{SALES}{sale['id']}/refunds/", body, HTTP_IDEMPOTENCY_KEY="back")
    assert told(refused) == (400, "invalid_input")
    assert refused.json()["errors"][0]["field"] == "lines.0.quantity"
    assert left(bar) == 499
    with bar.inside():
        assert not bar.account.refunds.exists()


def test_a_factor_that_changed_in_the_books_changes_no_sale_of_the_past(bar):
    carton = add_pack(bar)
    sale = sold(bar, (carton, "1"))
    with bar.inside():
        bar.account.product_packs.filter(pk=carton.pk).update(factor=Decimal(12))
    body = {"lines": [{"line": sale["lines"][0]["id"], "quantity": "1"}]}
    back = bar.client().post(f"{SALES}{sale['id']}/refunds/", body, HTTP_IDEMPOTENCY_KEY="back")
    assert back.status_code == 201
    assert left(bar) == 500
    with bar.inside():
        assert list(sums.find_disagreements(using="default")) == []
