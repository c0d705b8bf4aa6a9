from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.errors import PlanNotSold
from subscriptions.models import Cycle, ServiceCharge, SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration
from subscriptions.pricing import Tariff, quote

DAY = date(2026, 3, 31)
LONG_AGO = date(2020, 1, 1)


def tax(code, rate, *, position=1, compounds=False, starts_on=LONG_AGO, ends_on=None):
    dates = {"starts_on": starts_on, "ends_on": ends_on}
    return TaxConfiguration(
        country="GH", code=code, rate=Decimal(rate), position=position, compounds=compounds, **dates
    )


def charge(rate, fixed="0", *, gateway="PAYSTACK", starts_on=LONG_AGO, ends_on=None):
    return ServiceCharge(
        gateway=gateway, currency="GHS", rate=Decimal(rate), fixed=Decimal(fixed), starts_on=starts_on, ends_on=ends_on
    )


def tariff(*, tiers=((1, None, "120.00", "80.00"),), taxes=(), charges=(), currency="GHS"):
    plan = SubscriptionPlan(code="standard", name="Standard", currency=currency)
    rows = [
        SubscriptionPricingTier(
            plan=plan, min_storefronts=fewest, max_storefronts=most, base=Decimal(base), per_extra=Decimal(extra)
        )
        for fewest, most, base, extra in tiers
    ]
    return Tariff(plan, rows, list(taxes), list(charges))


def price(known, storefronts=1, *, day=DAY, gateway="PAYSTACK", cycle=Cycle.MONTHLY):
    return quote(known, storefronts=storefronts, day=day, gateway=gateway, cycle=cycle)


def amounts(found):
    return [str(each) for each in (found.base, found.extra, *(tax.amount for tax in found.taxes), found.fee)]


@pytest.mark.parametrize(
    ("storefronts", "base", "extra"),
    [
        (0, "120.00", "0.00"),
        (1, "120.00", "0.00"),
        (3, "120.00", "160.00"),
        (4, "340.00", "0.00"),
        (9, "340.00", "300.00"),
    ],
)
def test_s21_the_price_is_the_tiers_and_that_of_each_storefront_beyond_its_first(storefronts, base, extra):
    """S21."""
    known = tariff(tiers=[(1, 3, "120", "80"), (4, None, "340", "60")])
    assert amounts(price(known, storefronts))[:2] == [base, extra]


def test_a_plan_is_not_sold_for_so_many_storefronts_as_no_tier_has_nor_in_a_cycle_that_none_has():
    known = tariff(tiers=[(2, 3, "120", "80")])
    for storefronts, cycle in ((1, "MONTHLY"), (4, "MONTHLY"), (2, "YEARLY")):
        with pytest.raises(PlanNotSold) as refused:
            price(known, storefronts, cycle=cycle)
        assert refused.value.meta == {"plan": "standard", "cycle": cycle, "storefronts": storefronts}


def test_taxes_that_do_not_compound_share_the_price_as_their_base():
    known = tariff(taxes=[tax("NHIL", "0.025", position=2), tax("VAT", "0.15"), tax("GETFUND", "0.025", position=3)])
    found = price(known)
    assert amounts(found) == ["120.00", "0.00", "18.00", "3.00", "3.00", "0"]
    assert [line.code for line in found.taxes] == ["VAT", "NHIL", "GETFUND"]
    assert (found.tax_total, found.total) == (Decimal("24.00"), Decimal("144.00"))


def test_a_tax_that_compounds_is_on_the_taxes_before_it_too():
    known = tariff(taxes=[tax("A", "0.10"), tax("B", "0.05", position=2), tax("C", "0.10", position=3, compounds=True)])
    assert amounts(price(known)) == ["120.00", "0.00", "12.00", "6.00", "13.80", "0"]


def test_taxes_and_fees_hold_from_their_first_day_to_their_last():
    old = {"starts_on": date(2026, 1, 1), "ends_on": DAY}
    new = {"starts_on": date(2026, 4, 1)}
    known = tariff(
        taxes=[tax("VAT", "0.15", **old), tax("VAT", "0.20", **new)],
        charges=[charge("0.01", **old), charge("0.02", **new)],
    )
    found = {
        str(day): amounts(price(known, day=day))[2:]
        for day in (date(2025, 12, 31), date(2026, 1, 1), DAY, date(2026, 4, 1))
    }
    assert found == {
        "2025-12-31": ["0"],
        "2026-01-01": ["18.00", "1.38"],
        "2026-03-31": ["18.00", "1.38"],
        "2026-04-01": ["24.00", "2.88"],
    }


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_of_two_rows_of_a_tax_or_of_a_fee_the_one_that_began_last_holds_alone(is_newest_first):
    taxes = [tax("VAT", "0.15"), tax("NHIL", "0.025", position=2), tax("VAT", "0.20", starts_on=DAY, ends_on=DAY)]
    charges = [charge("0.01"), charge("0.03", gateway="STRIPE"), charge("0.02", starts_on=DAY, ends_on=DAY)]
    if is_newest_first:
        taxes, charges = taxes[::-1], charges[::-1]
    known = tariff(taxes=taxes, charges=charges)
    days = {offset: amounts(price(known, day=DAY + timedelta(days=offset)))[2:] for offset in (-1, 0, 1)}
    assert days == {-1: ["18.00", "3.00", "1.41"], 0: ["24.00", "3.00", "2.94"], 1: ["18.00", "3.00", "1.41"]}


def test_the_gateways_fee_is_on_what_is_paid_and_each_gateways_own():
    known = tariff(taxes=[tax("VAT", "0.15")], charges=[charge("0.0195", "0.50"), charge("0.03", gateway="STRIPE")])
    assert [str(price(known, gateway=name).fee) for name in ("PAYSTACK", "STRIPE", "MOMO", "")] == [
        "3.19",
        "4.14",
        "0",
        "0",
    ]


def test_each_part_is_rounded_half_up_once():
    known = tariff(tiers=[(1, None, "33.33", "0")], taxes=[tax("A", "0.15"), tax("B", "0.025")])
    assert amounts(price(known)) == ["33.33", "0.00", "5.00", "0.83", "0"]
    half = tariff(tiers=[(1, None, "0.10", "0")], taxes=[tax("A", "0.05")])
    assert amounts(price(half))[2] == "0.01"


def test_s41_a_price_in_cfa_francs_has_no_decimals_anywhere():
    """S41."""
    known = tariff(tiers=[(1, None, "6501.00", "3999.00")], taxes=[tax("TVA", "0.18")], currency="XOF")
    found = price(known, 2)
    assert amounts(found) == ["6501", "3999", "1890", "0"]
    assert found.total == Decimal(12390)


money = st.decimals(min_value="0.01", max_value="9999999", places=2)
rate = st.decimals(min_value="0", max_value="1", places=4)


@given(
    base=money,
    extra=money,
    storefronts=st.integers(0, 500),
    rates=st.lists(st.tuples(rate, st.booleans()), max_size=4),
    fee=rate,
)
def test_the_parts_sum_to_the_total_whatever_the_rates(base, extra, storefronts, rates, fee):
    taxes = [tax(str(i), str(each), position=i, compounds=compounds) for i, (each, compounds) in enumerate(rates)]
    found = price(tariff(tiers=[(1, None, base, extra)], taxes=taxes, charges=[charge(str(fee))]), storefronts)
    assert found.total == found.base + found.extra + sum(line.amount for line in found.taxes) + found.fee
    for part in (found.base, found.extra, found.fee, found.total, *(line.amount for line in found.taxes)):
        assert part == part.quantize(Decimal("0.01"))
        assert part >= 0
