"""Which of the shop's prices holds: the whole order, as a table."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from uuid import UUID

import pytest

from sales.precedence import Rule, find_winner

PLAIN = Rule(UUID(int=1), "Plain", Decimal("9.00"), Decimal(0), False, False, False)
TEN = Decimal(10)


def rule(number: int, price: str = "9.00", *particulars: str, at_least: str = "0") -> Rule:
    return replace(
        PLAIN,
        id=UUID(int=number),
        unit_price=Decimal(price),
        min_quantity=Decimal(at_least),
        is_for_group="group" in particulars,
        is_for_storefront="storefront" in particulars,
        is_for_level="level" in particulars,
    )


# From the one that beats all others down to the one that beats none but the list.
ORDER = [
    rule(1, "20.00", "group", "storefront", "level", at_least="10"),
    rule(2, "20.00", "group", "storefront", at_least="10"),
    rule(3, "19.00", "group", "storefront", "level"),
    rule(4, "19.00", "group", "storefront"),
    rule(5, "18.00", "group", "level", at_least="10"),
    rule(6, "18.00", "group", at_least="10"),
    rule(7, "17.00", "group", at_least="2"),
    rule(8, "17.00", "group", "level"),
    rule(9, "17.00", "group"),
    rule(10, "16.00", "storefront", "level", at_least="10"),
    rule(11, "16.00", "storefront", at_least="10"),
    rule(12, "15.00", "storefront", "level"),
    rule(13, "15.00", "storefront"),
    rule(14, "14.00", "level", at_least="10"),
    rule(15, "14.00", at_least="10"),
    rule(16, "13.00", "level", at_least="9.999"),
    rule(17, "12.00", "level"),
    rule(19, "10.99"),
    rule(18, "11.00"),
    rule(21, "11.01"),
    rule(20, "11.01"),
]


@pytest.mark.parametrize("place", range(len(ORDER) - 1))
def test_the_more_particular_rule_wins_then_the_lower_price_then_the_newer_rule(place):
    assert find_winner(ORDER[place:], TEN) == ORDER[place]
    assert find_winner(reversed(ORDER[place:]), TEN) == ORDER[place]


def test_the_order_in_which_rules_are_found_does_not_matter():
    for found in permutations([ORDER[1], ORDER[6], ORDER[12], ORDER[17], ORDER[19]]):
        assert find_winner(found, TEN) == ORDER[1]


@pytest.mark.parametrize(("quantity", "winner"), [("9.999", None), ("10", 15), ("10.001", 15), ("1000000", 15)])
def test_a_quantity_break_holds_from_its_quantity_on(quantity, winner):
    found = find_winner([rule(15, at_least="10")], Decimal(quantity))
    assert (found and found.id.int) == winner


def test_a_break_that_is_not_reached_leaves_the_one_below_it():
    breaks = [rule(1, "9.00", at_least="2"), rule(2, "8.00", at_least="10"), rule(3, "7.00", at_least="100")]
    assert [find_winner(breaks, Decimal(q)) for q in ("1", "2", "99", "100")] == [None, breaks[0], breaks[1], breaks[2]]


def test_where_no_rule_is_the_list_makes_the_price():
    assert find_winner([], TEN) is None
