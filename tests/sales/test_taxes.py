"""Levies: in what order they stack, what of them stands on each line, and that the tax report equals the lines."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from sales.pricing import LevyRate, Wanted, price_lines
from tests.answers import refused
from tests.conftest import open_shop
from tests.places import add_member, add_place
from tests.races import administrator
from tests.sales.requests import SALES, refund, sell

REPORT = "/api/v1/sales/tax-report/"
SPAN = {"first_on": "2020-01-01", "last_on": "2020-12-31"}
NHIL, GETFUND, VAT = (
    LevyRate("NHIL", "NHIL", Decimal("0.0250")),
    LevyRate("GETFUND", "GETFund levy", Decimal("0.0250")),
    LevyRate("VAT", "VAT", Decimal("0.1500"), stage=2),
)
STACKED = (NHIL, GETFUND, VAT)


# --- Stacking ---------------------------------------------------------------------------------------------------------


def priced(amount: str, *levies: LevyRate, inclusive: bool, exponent: int = 2):
    wanted = Wanted(Decimal(1), Decimal(amount), Decimal(0), levies)
    (row,) = price_lines([wanted], discount=Decimal(0), prices_include_tax=inclusive, exponent=exponent)
    return row


def columns(row):
    return [(tax["code"], tax["base"], tax["amount"]) for tax in row.taxes]


def test_a_levy_of_a_later_stage_is_taken_of_the_price_and_the_levies_before_it():
    row = priced("100.00", *STACKED, inclusive=False)
    assert columns(row) == [("NHIL", "100.00", "2.50"), ("GETFUND", "100.00", "2.50"), ("VAT", "105.00", "15.75")]
    assert (row.tax_rate, row.tax_amount, row.total) == (Decimal("0.2075"), Decimal("20.75"), Decimal("120.75"))


def test_what_was_stacked_on_a_price_is_found_in_a_price_that_includes_it():
    row = priced("120.75", *STACKED, inclusive=True)
    assert columns(row) == [("NHIL", "100.00", "2.50"), ("GETFUND", "100.00", "2.50"), ("VAT", "105.00", "15.75")]
    assert (row.tax_rate, row.tax_amount, row.total) == (Decimal("0.2075"), Decimal("20.75"), Decimal("120.75"))


def test_the_order_in_which_levies_are_named_does_not_matter():
    turned = priced("120.75", *reversed(STACKED), inclusive=True)
    assert sorted(columns(turned)) == sorted(columns(priced("120.75", *STACKED, inclusive=True)))


def test_francs_have_no_decimals_in_any_stage():
    row = priced("1207", *STACKED, inclusive=True, exponent=0)
    assert columns(row) == [("NHIL", "1000", "25"), ("GETFUND", "1000", "25"), ("VAT", "1050", "157")]
    assert row.tax_amount == 207


@settings(deadline=None)
@given(
    st.integers(min_value=0, max_value=10**9),
    st.lists(
        st.tuples(st.integers(min_value=0, max_value=4000), st.integers(min_value=1, max_value=3)),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
    st.sampled_from([0, 2]),
)
def test_however_levies_are_stacked_the_tax_is_exact_and_rounded_once(coins, drawn, inclusive, exponent):
    levies = [
        LevyRate(f"L{i}", "Levy", Decimal(rate).scaleb(-4), stage) for i, (rate, stage) in enumerate(drawn, start=1)
    ]
    amount = Decimal(coins).scaleb(-exponent)
    row = priced(f"{amount:f}", *levies, inclusive=inclusive, exponent=exponent)
    factor = Fraction(1)
    for stage in (1, 2, 3):
        factor *= 1 + sum(Fraction(levy.rate) for levy in levies if levy.stage == stage)
    exact = Fraction(amount) * (1 - 1 / factor if inclusive else factor - 1)
    assert abs(Fraction(row.tax_amount) - exact) * 10**exponent <= Fraction(1, 2)
    assert sum(Decimal(tax["amount"]) for tax in row.taxes) == row.tax_amount
    net = row.total - row.tax_amount
    for tax in row.taxes:
        before = sum(Decimal(other["amount"]) for other in row.taxes if other["stage"] < tax["stage"])
        assert Decimal(tax["base"]) == net + before


# --- On a sale --------------------------------------------------------------------------------------------------------


@pytest.fixture
def togo(django_db_setup):
    """A country of two stages; a levy that ended with 2019, and one that begins with 2021. Only the platform has
    levies."""
    rows = [
        ("TVA", "0.1500", 2, "2000-01-01", None),
        ("TAXE", "0.0250", 1, "2000-01-01", None),
        ("FONDS", "0.0250", 1, "2000-01-01", None),
        ("OLD", "0.5000", 1, "2000-01-01", "2019-12-31"),
        ("NEW", "0.5000", 1, "2021-01-01", None),
        ("TAXE", "0.0400", 1, "2022-03-01", "2022-03-31"),
    ]
    with administrator() as admin:
        for code, rate, stage, starts_on, ends_on in rows:
            admin.execute(
                "INSERT INTO levies (id, country, tax_class, code, name, rate, stage, starts_on, ends_on)"
                " VALUES (%s, 'TG', 'STANDARD', %s, %s, %s, %s, %s, %s)",
                [uuid7(), code, code.title(), rate, stage, starts_on, ends_on],
            )
        yield
        admin.execute("DELETE FROM levies WHERE country = 'TG'")


@pytest.mark.django_db
@pytest.mark.usefixtures("togo")
@pytest.mark.parametrize("inclusive", [True, False])
def test_a_sale_stacks_the_levies_of_its_day_as_the_country_has_them(inclusive):
    shop = open_shop("Lomé", country="TG", prices=("120.75" if inclusive else "100.00",))
    with shop.inside():
        type(shop.account).across_accounts.filter(pk=shop.id).update(prices_include_tax=inclusive)
    sale = sell(shop, sold_at="2020-06-01T10:00:00Z")
    taxes = [(tax["code"], tax["base"], tax["amount"]) for tax in sale["lines"][0]["taxes"]]
    assert taxes == [("FONDS", "100.00", "2.50"), ("TAXE", "100.00", "2.50"), ("TVA", "105.00", "15.75")]
    assert (sale["tax_total"], sale["total"], sale["lines"][0]["tax_rate"]) == ("20.75", "120.75", "0.2075")


@pytest.mark.django_db
@pytest.mark.usefixtures("togo")
@pytest.mark.parametrize(
    ("sold_at", "codes"),
    [
        ("2019-12-31T23:59:59Z", {"TVA", "TAXE", "FONDS", "OLD"}),
        ("2020-01-01T00:00:00Z", {"TVA", "TAXE", "FONDS"}),
        ("2020-12-31T23:59:59Z", {"TVA", "TAXE", "FONDS"}),
        ("2021-01-01T00:00:00Z", {"TVA", "TAXE", "FONDS", "NEW"}),
    ],
)
def test_a_levy_is_taken_from_its_first_day_to_its_last(sold_at, codes):
    sale = sell(open_shop("Lomé", country="TG", prices=("100.00",)), sold_at=sold_at)
    assert {tax["code"] for tax in sale["lines"][0]["taxes"]} == codes


@pytest.mark.django_db
@pytest.mark.usefixtures("togo")
@pytest.mark.parametrize(
    ("day", "rate"), [("02-28", "0.0250"), ("03-01", "0.0400"), ("03-31", "0.0400"), ("04-01", "0.0250")]
)
def test_of_two_rows_of_a_levy_the_one_that_began_last_is_taken_alone(day, rate):
    sale = sell(open_shop("Lomé", country="TG", prices=("100.00",)), sold_at=f"2022-{day}T12:00:00Z")
    taxes = sale["lines"][0]["taxes"]
    assert sorted(tax["code"] for tax in taxes) == ["FONDS", "NEW", "TAXE", "TVA"]
    assert [tax["rate"] for tax in taxes if tax["code"] == "TAXE"] == [rate]


@pytest.mark.django_db
@pytest.mark.usefixtures("togo")
def test_s41_stacked_levies_come_back_in_whole_francs_and_each_to_the_last():
    """S41."""
    shop = open_shop("Lomé", country="TG", currency="XOF", prices=("1207",))
    sold_at = "2020-06-01T10:00:00Z"
    sale = sell(shop, "7", sold_at=sold_at)
    back = defaultdict(Decimal)
    for _ in range(7):
        given = refund(shop, sale, refunded_at=sold_at).json()["data"]
        for tax in given["lines"][0]["taxes"]:
            assert Decimal(tax["amount"]) == int(tax["amount"]) >= 0
            back[tax["code"]] += Decimal(tax["amount"])
            back[tax["code"] + " of"] += Decimal(tax["base"])
    taken = {tax["code"]: Decimal(tax["amount"]) for tax in sale["lines"][0]["taxes"]}
    bases = {tax["code"] + " of": Decimal(tax["base"]) for tax in sale["lines"][0]["taxes"]}
    assert back == {**taken, **bases}


@pytest.mark.django_db
def test_what_is_sold_keeps_the_levies_that_it_was_sold_under(shop):
    sale = sell(shop)
    before = sale["lines"][0]["taxes"]
    assert {tax["code"] for tax in before} == {"VAT", "NHIL", "GETFUND"}
    with shop.inside():
        type(shop.account).across_accounts.filter(pk=shop.id).update(is_tax_registered=False)
    read = shop.client().get(f"{SALES}{sale['id']}/").json()["data"]
    assert read["lines"][0]["taxes"] == before
    assert sell(shop)["lines"][0]["taxes"] == []
    given = refund(shop, sale).json()["data"]
    assert [tax["amount"] for tax in given["lines"][0]["taxes"]] == [tax["amount"] for tax in before]


# --- The report -------------------------------------------------------------------------------------------------------


def report(shop, member=None, **span):
    response = shop.client(member).get(REPORT, {**SPAN, **span})
    assert response.status_code == 200, response.content
    return response.json()["data"]


def recomputed(shop, places=None):
    """What the report has to say, summed plainly from each line."""
    levies, turnover = defaultdict(lambda: defaultdict(Decimal)), defaultdict(lambda: defaultdict(Decimal))
    with shop.inside():
        sold = shop.account.sale_lines.select_related("sale")
        back = shop.account.refund_lines.select_related("refund__sale")
        lines = [("sale", line, line.sale, line.sale.sold_at) for line in sold]
        lines += [("refund", line, line.refund.sale, line.refund.refunded_at) for line in back]
    for kind, line, sale, moment in lines:
        day = moment.astimezone(shop.account.zone).date()
        if not date(2020, 1, 1) <= day <= date(2020, 12, 31) or (places and sale.storefront_id not in places):
            continue
        sums = turnover["taxable" if line.taxes else "exempt"]
        sums[f"{kind}_base"] += line.total - line.tax_amount
        sums[f"{kind}_tax"] += line.tax_amount
        for tax in line.taxes:
            sums = levies[tax["code"], tax["rate"]]
            sums[f"{kind}_base"] += Decimal(tax["base"])
            sums[f"{kind}_tax"] += Decimal(tax["amount"])
    return {key: shown(sums) for key, sums in {**levies, **turnover}.items()}


def shown(sums):
    whole = {name: sums[name] for name in ("sale_base", "sale_tax", "refund_base", "refund_tax")}
    whole["base"] = whole["sale_base"] - whole["refund_base"]
    whole["tax"] = whole["sale_tax"] - whole["refund_tax"]
    return {name: f"{amount:.2f}" for name, amount in whole.items()}


def by_key(data):
    found = {(levy["code"], levy["rate"]): levy["sums"] for levy in data["levies"]}
    return {**found, "taxable": data["taxable"], "exempt": data["exempt"]}


@pytest.fixture
def trading(togo, db):
    """A business in two time zones' trouble: exempt goods, discounts, refunds in crumbs, two places, New Year."""
    shop = open_shop("Lomé", country="TG", time_zone="Asia/Tokyo")
    with shop.inside():
        product = shop.account.products.locked().get(pk=shop.products[1].pk)
        inventory.change_product(by=shop.owner, product=product, tax_class="EXEMPT")
    there = add_place(shop)
    for moment in ("2019-12-31T14:59:59Z", "2019-12-31T15:00:00Z", "2020-12-31T14:59:59Z", "2020-12-31T15:00:00Z"):
        sell(shop, "3", sold_at=moment, discount="0.07")
    for place in (shop, there):
        sale = sell(place, "2.5", sold_at="2020-06-01T10:00:00Z", discount="0.03")
        for line in sale["lines"]:
            for quantity in ("0.333", "0.5"):
                body = {"lines": [{"line": line["id"], "quantity": quantity}], "id": str(uuid7())}
                url = f"{SALES}{sale['id']}/refunds/"
                body["refunded_at"] = "2020-06-02T10:00:00Z"
                assert shop.client().post(url, body).status_code == 201
    return shop, there


def test_the_tax_report_equals_the_lines(trading):
    shop, _ = trading
    found, wanted = by_key(report(shop)), recomputed(shop)
    assert found == wanted
    assert {code for code, _ in list(found)[:3]} == {"TVA", "TAXE", "FONDS"}
    assert Decimal(found["exempt"]["sale_base"]) > 0
    assert Decimal(found["exempt"]["tax"]) == 0
    assert sum(Decimal(sums["tax"]) for key, sums in found.items() if key[0] in ("TVA", "TAXE", "FONDS")) == Decimal(
        found["taxable"]["tax"]
    )


def test_a_member_of_one_place_reads_the_taxes_of_that_place(trading):
    shop, there = trading
    member = add_member(shop, Role.MANAGER, there.storefront)
    found = by_key(report(shop, member))
    assert found == recomputed(shop, {there.storefront.pk})
    assert found != recomputed(shop)
    nowhere = report(shop, add_member(shop, Role.MANAGER, name="Esi", is_limited=True))
    assert (nowhere["levies"], nowhere["taxable"]["sale_base"], nowhere["exempt"]["base"]) == ([], "0.00", "0.00")


def test_the_tax_report_tells_nothing_of_a_stranger(trading, stranger):
    sell(stranger, sold_at="2020-06-01T10:00:00Z")
    shop, _ = trading
    assert by_key(report(shop)) == recomputed(shop)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "span",
    [
        {"first_on": "2020-02-01", "last_on": "2020-01-31"},
        {"first_on": "2020-01-01", "last_on": "2021-06-01"},
        {"first_on": "2020-01-01"},
        {"first_on": "1999-12-31", "last_on": "2000-01-01"},
    ],
)
def test_a_span_of_no_days_or_too_many_is_refused(shop, span):
    refused(shop, lambda: shop.client().get(REPORT, span), 400, "invalid_input")


@pytest.mark.django_db
def test_a_cashier_reads_no_tax_report(shop):
    refused(shop, lambda: shop.client(shop.cashier).get(REPORT, SPAN), 403, "capability_missing")
