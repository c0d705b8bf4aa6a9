"""What operations cost: rounded up, by every name that they have had."""

from decimal import Decimal

import pytest

from billing.costs import MOST_UNITS
from billing.credits import CREDIT_COSTS, CreditService
from billing.errors import AmountInvalid, OperationUnknown
from system.modules import Module
from tests.billing.crediting import left, lines, rich

pytestmark = pytest.mark.django_db


def test_s42_partial_units_round_up_and_old_names_mean_the_same_amounts_included(shop):
    """S42."""
    cost = CreditService.get_credit_cost
    assert cost("content_generation", 151) == 2
    assert cost("image_generation", 150) == 750
    assert cost("content", 5000) == cost("content_generation", 5000) == 50
    assert cost("images", 150) == 750
    assert [cost("content_generation", words) for words in (1, 99, 100, 101, 200, 201)] == [1, 1, 1, 2, 2, 3]
    assert [cost("optimization", words) for words in (1, 199, 200, 201, 400, 401)] == [1, 1, 1, 2, 2, 3]
    assert cost("ideas") == cost("idea_generation") == 15
    assert cost("reparse") == cost("image_prompt_extraction") == 2


def test_what_each_operation_costs_and_to_which_module_it_belongs():
    assert {name: (cost.credits, cost.units, cost.counts) for name, cost in CREDIT_COSTS.items()} == {
        "clustering": (10, 1, ""),
        "idea_generation": (15, 1, ""),
        "content_generation": (1, 100, "word"),
        "image_prompt_extraction": (2, 1, ""),
        "image_generation": (5, 1, "image"),
        "linking": (8, 1, ""),
        "optimization": (1, 200, "word"),
        "site_structure_generation": (50, 1, ""),
        "site_page_generation": (20, 1, ""),
    }
    assert {cost.module for cost in CREDIT_COSTS.values()} <= set(Module)


def test_what_counts_nothing_costs_the_same_each_time(shop):
    for name, cost in CREDIT_COSTS.items():
        if not cost.counts:
            assert [CreditService.get_credit_cost(name, amount) for amount in (None, 1, 7)] == [cost.credits] * 3, name


@pytest.mark.parametrize("operation", ["", "contents", "CONTENT", "content ", "none", "сontent", "linking\n", None, 7])
def test_s42_an_unknown_operation_is_an_error(shop, operation):
    """S42."""
    with pytest.raises(OperationUnknown):
        CreditService.get_credit_cost(operation, 1)


@pytest.mark.parametrize(
    "amount",
    [None, 0, -3, True, 1.5, 100.0, "100", Decimal(100), Decimal("0.5"), float("nan"), MOST_UNITS + 1, 10**40, [1]],
)
@pytest.mark.parametrize("operation", ["content_generation", "images", "optimization"])
def test_s42_an_amount_that_is_none_negative_missing_or_no_whole_number_is_an_error(shop, operation, amount):
    """S42."""
    rich(shop)
    with shop.inside():
        for asked in (CreditService.check_credits, CreditService.deduct_credits):
            with pytest.raises(AmountInvalid):
                asked(shop.account, operation_type=operation, amount=amount)
        with pytest.raises(AmountInvalid):
            CreditService.get_credit_cost(operation, amount)
    assert left(shop) == (1000, 0)


@pytest.mark.parametrize("amount", [0, -1, False, 2.0, "3"])
def test_a_wrong_amount_is_an_error_also_where_nothing_is_counted(shop, amount):
    with pytest.raises(AmountInvalid):
        CreditService.get_credit_cost("linking", amount)


def test_neither_an_operation_nor_a_number_of_credits_is_an_error(shop):
    rich(shop)
    with shop.inside():
        for wrong in (None, 0, -5, True, "5", 1.0):
            with pytest.raises(AmountInvalid):
                CreditService.deduct_credits(shop.account, required_credits=wrong)
    assert lines(shop) == [("ADDED", 1000)]
