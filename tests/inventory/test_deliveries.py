"""Deliveries: what came on top of the price, packs, pieces, batches, and how they are found again."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from inventory import services
from tests.answers import fields_of, ids, paths_of, refused
from tests.conftest import Shop, open_shop
from tests.inventory.delivering import batches_of, body, of_pieces, sent, tracked
from tests.inventory.requests import BATCHES, STOCK
from tests.places import add_member, add_place
from tests.test_query_counts import statements

HALF = Decimal("0.00005")  # what rounding a cost to four places takes off or adds, at most
NOBODYS_ID = "0198c2b4-7d1e-7c3a-9f52-6b1d0e8a4c21"


@pytest.fixture
def bare(db) -> Shop:
    """A business with three products and nothing on the shelf."""
    return open_shop("Bare Shelves", stock="0")


@pytest.fixture
def francs(db) -> Shop:
    """A business whose money has no decimals."""
    return open_shop("Chez Awa", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("100",) * 3, stock="0")


def pack(shop: Shop, factor: str, product=None):
    with shop.inside():
        return shop.account.product_packs.create(
            product=product or shop.products[0], name=f"Of {factor}", factor=Decimal(factor), retail_price=Decimal(1)
        )


def supplier(shop: Shop, name: str = "Makola Traders"):
    with shop.inside():
        return shop.account.suppliers.create(name=name)


def shown(shop: Shop, pk: str):
    response = shop.client().get(f"{STOCK}{pk}/")
    assert response.status_code == 200, response.content
    return response.json()["data"]


def costs(shop: Shop, pk: str):
    return [(str(batch.purchase_cost), str(batch.unit_cost)) for batch in batches_of(shop, pk)]


# --- What came on top -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spread_by", "cost", "expected"),
    [
        ("VALUE", "3.00", [("2.0000", "2.2000"), ("5.0000", "5.5000"), ("0.0000", "0.0000")]),
        ("QUANTITY", "6.00", [("2.0000", "2.3750"), ("5.0000", "5.3750"), ("0.0000", "0.3750")]),
    ],
)
def test_an_additional_cost_is_spread_by_value_or_by_quantity(bare, spread_by, cost, expected):
    items = ("10", "2"), ("2", "5"), ("4", "0")
    told = sent(bare, body(bare, *items, additional_cost=cost, spread_by=spread_by))
    assert (told["additional_cost"], told["spread_by"]) == (cost, spread_by)
    assert costs(bare, told["id"]) == expected
    with bare.inside():
        lines = bare.account.stock_movements.filter(source_id=told["id"]).order_by("id")
        assert [str(line.unit_cost) for line in lines] == [cost for _, cost in expected]


@pytest.mark.django_db
def test_what_is_not_said_of_an_additional_cost_is_none_spread_by_value(bare):
    told = sent(bare, body(bare, ("1", "2")))
    assert (told["additional_cost"], told["spread_by"], told["supplier"], told["order"]) == (
        "0.00",
        "VALUE",
        None,
        None,
    )


@pytest.mark.django_db
def test_what_came_on_top_of_goods_that_cost_nothing_is_spread_by_quantity(bare):
    told = sent(bare, body(bare, ("1", "0"), ("3", "0"), additional_cost="10"))
    assert costs(bare, told["id"]) == [("0.0000", "2.5000"), ("0.0000", "2.5000")]


def came_on_top(shop: Shop, pk: str) -> tuple[list[Decimal], Decimal]:
    """What each batch is worth in the ledger beyond what was invoiced for it, and how far rounding may put them out."""
    with shop.inside():
        lines = shop.account.stock_movements.filter(source_id=pk).select_related("stock_product").order_by("id")
        parts = [line.value - line.quantity * line.stock_product.purchase_cost for line in lines]
        return parts, sum((line.quantity for line in lines), Decimal(0)) * HALF


def shares(shop: Shop, pk: str) -> list[Decimal]:
    """What was meant for each batch, in money: a unit cost of four places tells it of up to 99 units."""
    unit = Decimal(1).scaleb(-shop.account.currency_exponent)
    return [part.quantize(unit) for part in came_on_top(shop, pk)[0]]


@pytest.mark.django_db
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    items=st.lists(st.tuples(st.integers(1, 99_000), st.integers(0, 10**8)), min_size=1, max_size=3),
    cost=st.integers(0, 10**7),
    spread_by=st.sampled_from(["VALUE", "QUANTITY"]),
)
def test_the_shares_of_an_additional_cost_sum_to_it_exactly(bare, items, cost, spread_by):
    total = Decimal(cost).scaleb(-2)
    sizes = [(f"{Decimal(q).scaleb(-3):f}", f"{Decimal(c).scaleb(-4):f}") for q, c in items]
    told = sent(bare, body(bare, *sizes, additional_cost=f"{total:f}", spread_by=spread_by))
    assert sum(shares(bare, told["id"])) == total
    parts, off = came_on_top(bare, told["id"])
    assert abs(sum(parts) - total) <= off


@pytest.mark.django_db
def test_thirds_of_a_cost_are_whole_pesewas_that_sum_to_it(bare):
    told = sent(bare, body(bare, ("1", "5"), ("1", "5"), ("1", "5"), additional_cost="0.10"))
    assert costs(bare, told["id"]) == [("5.0000", "5.0400"), ("5.0000", "5.0300"), ("5.0000", "5.0300")]
    assert shares(bare, told["id"]) == [Decimal("0.04"), Decimal("0.03"), Decimal("0.03")]


@pytest.mark.django_db
def test_s41_shares_of_francs_are_whole_francs_that_sum_to_the_cost(francs):
    """S41."""
    told = sent(francs, body(francs, ("1", "500"), ("1", "500"), ("1", "500"), additional_cost="100"))
    assert told["additional_cost"] == "100"
    assert [cost for _, cost in costs(francs, told["id"])] == ["534.0000", "533.0000", "533.0000"]
    assert shares(francs, told["id"]) == [34, 33, 33]
    halves = body(francs, ("1", "500"), additional_cost="0.5")
    failure = refused(francs, lambda: francs.client().post(STOCK, halves), 400, "invalid_input")
    assert paths_of(failure) == [("additional_cost", "currency")]


@pytest.mark.django_db
def test_of_much_that_cost_much_the_ledger_is_out_by_no_more_than_the_last_place(bare):
    huge = [("99999999999.999", "0.9999"), ("0.001", "9999999.9999"), ("99999999999.998", "0.0001")]
    told = sent(bare, body(bare, *huge, additional_cost="1000000.01"))
    parts, off = came_on_top(bare, told["id"])
    assert abs(sum(parts) - Decimal("1000000.01")) <= off


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sent",
    [
        {"additional_cost": "999999999999.99", "items": ("0.001", "1")},  # a unit cost of a quadrillion
        {"items": ("99999999999.999", "1"), "pack": "24"},
    ],
)
def test_a_cost_or_a_quantity_too_large_to_keep_is_400(bare, sent):
    wanted = body(bare, sent.pop("items"))
    if factor := sent.pop("pack", None):
        wanted["items"][0]["pack"] = str(pack(bare, factor).pk)
    failure = refused(bare, lambda: bare.client().post(STOCK, {**wanted, **sent}), 400, "invalid_input")
    assert paths_of(failure) == [("", "out_of_range")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("additional_cost", "-0.01"),
        ("additional_cost", "1.001"),
        ("additional_cost", "NaN"),
        ("additional_cost", None),
        ("spread_by", "WEIGHT"),
        ("spread_by", None),
        ("supplier", "7"),
        ("supplier", NOBODYS_ID),
        ("order", NOBODYS_ID),
        ("number", "GR-000001"),
    ],
)
def test_a_delivery_that_is_not_right_is_400_and_says_where(bare, field, value):
    wanted = body(bare, ("1", "1"), **{field: value})
    assert fields_of(refused(bare, lambda: bare.client().post(STOCK, wanted), 400, "invalid_input")) == [field]


# --- Packs ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_s27_cartons_come_in_pieces_at_their_share_of_what_the_carton_cost(bare):
    """S27."""
    wanted = body(bare, ("10", "30.00"), additional_cost="2.40")
    wanted["items"][0]["pack"] = str(pack(bare, "24").pk)
    (batch,) = batches_of(bare, sent(bare, wanted)["id"])
    assert (batch.quantity, batch.purchase_cost, batch.unit_cost) == (240, Decimal("1.25"), Decimal("1.26"))


@pytest.mark.django_db
def test_s27_the_landed_cost_of_a_pack_that_does_not_divide_is_rounded_once(bare):
    """S27. Three for 0.0002 are 0.0001 each; with 0.01 on top they are 0.0034, and not 0.0001 more."""
    wanted = body(bare, ("1", "0.0002"), additional_cost="0.01")
    wanted["items"][0]["pack"] = str(pack(bare, "3").pk)
    assert costs(bare, sent(bare, wanted)["id"]) == [("0.0001", "0.0034")]


@pytest.mark.django_db
@pytest.mark.parametrize(("quantity", "factor"), [("0.5", "0.001"), ("0.001", "0.5"), ("1.001", "0.1")])
def test_s27_a_pack_of_less_than_can_be_counted_is_400(bare, quantity, factor):
    """S27."""
    wanted = body(bare, (quantity, "1"))
    wanted["items"][0]["pack"] = str(pack(bare, factor).pk)
    failure = refused(bare, lambda: bare.client().post(STOCK, wanted), 400, "invalid_input")
    assert paths_of(failure) == [("items.0.quantity", "too_fine")]


@pytest.mark.django_db
def test_a_pack_of_another_product_or_business_is_as_unknown_as_none(bare, stranger):
    wrong = (pack(bare, "6", bare.products[1]).pk, pack(stranger, "6").pk, uuid7())
    for pk in wrong:
        wanted = body(bare, ("1", "1"))
        wanted["items"][0]["pack"] = str(pk)
        failure = refused(bare, lambda wanted=wanted: bare.client().post(STOCK, wanted), 400, "invalid_input")
        assert paths_of(failure) == [("items.0.pack", "does_not_exist")]


# --- How they are found again -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_delivery_shows_its_items_with_what_came_and_what_is_left(bare):
    phone, trader = tracked(bare, "SERIAL"), supplier(bare)
    wanted = of_pieces(bare, phone, "A", "B")
    wanted["items"] = [*body(bare, ("2.5", "4"))["items"], *wanted["items"]]
    wanted["items"][0] |= {"expiry_date": "2030-01-31", "retail_price": "12.00"}
    told = sent(bare, {**wanted, "supplier": str(trader.pk), "reference": "Invoice 7"})
    assert (told["number"], told["supplier"], told["reference"]) == ("GR-000001", str(trader.pk), "Invoice 7")
    loose, pieces = batches_of(bare, told["id"])
    with bare.inside():
        stock = bare.account.stock.get(pk=told["id"])
        back = [
            {"batch": loose.pk, "quantity": Decimal("0.5")},
            {"batch": pieces.pk, "quantity": Decimal(1), "serials": ["A"]},
        ]
        services.send_back_stock(by=bare.owner, stock=stock, items=back)
    whole = shown(bare, told["id"])
    items = whole.pop("items")
    assert whole == {**told, "attachments": []}
    assert [
        {name: item[name] for name in ("id", "sku", "received_quantity", "quantity", "expiry_date", "serials")}
        for item in items
    ] == [
        {
            "id": str(loose.pk),
            "sku": "SKU-0",
            "received_quantity": "2.500",
            "quantity": "2.000",
            "expiry_date": "2030-01-31",
            "serials": [],
        },
        {
            "id": str(pieces.pk),
            "sku": "TRACKED",
            "received_quantity": "2.000",
            "quantity": "1.000",
            "expiry_date": None,
            "serials": ["A", "B"],
        },
    ]
    assert (items[0]["purchase_cost"], items[0]["retail_price"], items[1]["retail_price"]) == ("4.0000", "12.00", None)


@pytest.mark.django_db
def test_batches_say_what_was_invoiced_for_them(bare):
    sent(bare, body(bare, ("2", "4"), additional_cost="1"))
    (batch,) = bare.client().get(BATCHES).json()["results"]
    assert (batch["purchase_cost"], batch["unit_cost"]) == ("4.0000", "4.5000")


@pytest.mark.django_db
def test_every_filter_of_deliveries_really_filters(bare):
    here, there = supplier(bare), add_place(bare)
    first = sent(bare, body(bare, ("1", "1"), supplier=str(here.pk), reference="Waybill Ɛ-77"))
    second = sent(there, body(there, ("1", "1"), reference="Invoice 77"))
    with bare.inside():
        of_place = {str(pk) for pk in bare.account.stock.filter(location=there.storefront).values_list("pk", flat=True)}
    everything = ids(bare, STOCK)
    assert everything == of_place | {first["id"]}
    for query, wanted in (
        ({"supplier": here.pk}, {first["id"]}),
        ({"supplier": uuid7()}, set()),
        ({"location": there.storefront.pk}, of_place),
        ({"location": bare.storefront.pk}, {first["id"]}),
        ({"order": uuid7()}, set()),
        ({"search": "77"}, {first["id"], second["id"]}),
        ({"search": "waybill"}, {first["id"]}),
        ({"search": second["number"].lower()}, {second["id"]}),
        ({"search": "waybill invoice"}, set()),
    ):
        assert ids(bare, STOCK, **query) == wanted, query
    for name in ("supplier", "location", "order"):
        failure = refused(bare, lambda name=name: bare.client().get(STOCK, {name: "7"}), 400, "invalid_input")
        assert fields_of(failure) == [name]


@pytest.mark.django_db
def test_who_works_at_one_place_neither_sees_nor_makes_deliveries_at_another(bare):
    there = add_place(bare)
    member = add_member(bare, "WAREHOUSE", bare.storefront)
    own = sent(bare, body(bare, ("1", "1")), member=member)
    (theirs,) = ids(bare, STOCK) - {own["id"]}
    till = bare.client(member)
    assert [row["id"] for row in till.get(STOCK).json()["results"]] == [own["id"]]
    assert till.get(STOCK, {"location": str(there.storefront.pk)}).json()["results"] == []
    refused(bare, lambda: till.get(f"{STOCK}{theirs}/"), 404, "not_found")
    failure = refused(bare, lambda: till.post(STOCK, body(there, ("1", "1"))), 400, "invalid_input")
    assert paths_of(failure) == [("location", "does_not_exist")]


# --- What it costs ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "budget"), [("plain", 11), ("priced", 12), ("packed", 12), ("serial", 13), ("everything", 15)]
)
def test_a_delivery_of_two_hundred_items_costs_what_one_of_one_costs(bare, kind, budget):
    with_everything = kind == "everything"
    product = tracked(bare, "SERIAL") if kind in ("serial", "everything") else bare.products[0]
    half_dozen = str(pack(bare, "2", product).pk)

    def cost(count: int, retail_price: str) -> list[str]:
        item = {"product": str(product.pk), "quantity": "2", "unit_cost": "1.5"}
        if kind == "packed" or with_everything:
            item |= {"pack": half_dozen, "quantity": "1"}
        if kind == "priced" or with_everything:
            item["retail_price"] = retail_price
        items = [dict(item) for _ in range(count)]
        if product.tracking == "SERIAL":
            items = [{**each, "serials": [str(uuid7()), str(uuid7())]} for each in items]
        wanted = {"id": str(uuid7()), "location": str(bare.storefront.pk), "items": items, "additional_cost": "7.77"}
        return statements(lambda: sent(bare, wanted))

    cost(1, "3.00")
    one, twenty, many = cost(1, "4.00"), cost(20, "5.00"), cost(200, "6.00")
    assert len(one) == len(twenty) == len(many) == budget, "\n\n".join(many)


@pytest.mark.django_db
def test_a_delivery_of_two_hundred_items_is_read_at_the_cost_of_one(bare):
    phone = tracked(bare, "SERIAL")

    def cost(count: int) -> list[str]:
        wanted = of_pieces(bare, phone, str(uuid7()))
        wanted["items"] = [{**wanted["items"][0], "serials": [str(uuid7())]} for _ in range(count)]
        pk = sent(bare, wanted)["id"]
        shown(bare, pk)
        return statements(lambda: shown(bare, pk))

    one, many = cost(1), cost(200)
    assert len(one) == len(many) == 6, "\n\n".join(many)
