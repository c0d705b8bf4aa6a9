"""What staff write at the console for everybody: words that match, names that stay, and a line for each deed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.utils import timezone

from accounts import services as accounts
from accounts.models import AuditEvent
from accounts.roles import Role
from subscriptions.models import ServiceCharge, SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration
from tests.conftest import open_shop
from tests.console import hire, told
from tests.subscriptions.reference import (
    CHARGES,
    PLANS,
    TAXES,
    TIERS,
    add,
    change,
    charge,
    plan,
    reference_put_back,
    tax,
    tier,
)

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(autouse=True)
def _as_it_was(django_db_setup, django_db_blocker):
    with reference_put_back(django_db_blocker):
        yield


@pytest.fixture
def staff(committed):
    return hire(Role.OPERATOR)


@pytest.fixture
def operator(staff):
    return staff.client()


def rows(model):
    return model.objects.using("staff")


def price(shop, **asked):
    answer = shop.client().get("/api/v1/subscriptions/my-pricing/", {"plan": "starter", "gateway": "PAYSTACK", **asked})
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]["price"]


def lines(about):
    """What the platform's history says of this row."""
    found = AuditEvent.across_accounts.using("staff").filter(account__is_platform=True, subject_id=about.pk)
    return list(found.order_by("id").values_list("action", "before", "after"))


# --- Words that match -------------------------------------------------------------------------------------------------

WRONG_DAYS = {"starts_on": "2026-01-02", "ends_on": "2026-01-01"}
WRONG_RATES = ({"rate": "1.5"}, {"rate": "-0.1"}, {"rate": ""})


@pytest.mark.parametrize(
    "wrong", [*WRONG_RATES, WRONG_DAYS, *({"country": word} for word in ("gh", "GHA", "XX", "ZZ", "EU", "G1", " ", ""))]
)
def test_a_tax_that_makes_no_sense_is_refused(operator, wrong):
    found = rows(TaxConfiguration).filter(code="COVID")
    assert told(add(operator, TAXES, tax(**wrong)))
    assert not found.exists()
    add(operator, TAXES, tax())
    assert (found.get().country, found.get().rate) == ("GH", Decimal("0.01"))


@pytest.mark.parametrize(
    "wrong",
    [
        *(*WRONG_RATES, WRONG_DAYS, {"fixed": "-0.01"}, {"fixed": "0.001"}),
        *({"gateway": word} for word in ("Stripe", "stripe", "MOMO", "CASH", "")),
        *({"currency": word} for word in ("ghs", "GH", "XXX", "XAU", "KWD", "")),
    ],
)
def test_a_charge_that_makes_no_sense_is_refused(operator, wrong):
    found = rows(ServiceCharge).filter(gateway="STRIPE")
    assert told(add(operator, CHARGES, charge(**wrong)))
    assert not found.exists()
    add(operator, CHARGES, charge())
    assert (found.get().currency, found.get().fixed) == ("GHS", Decimal("0.50"))


@pytest.mark.parametrize(
    "wrong", [{"currency": "ghs"}, {"currency": "XXX"}, {"code": "two words"}, {"code": "starter"}]
)
def test_a_plan_that_makes_no_sense_is_refused(operator, wrong):
    before = rows(SubscriptionPlan).count()
    assert told(add(operator, PLANS, plan(**wrong)))
    assert rows(SubscriptionPlan).count() == before
    add(operator, PLANS, plan())
    assert rows(SubscriptionPlan).get(code="village").currency == "GHS"


@pytest.mark.parametrize(("fewest", "most"), [("1", ""), ("3", "3"), ("2", "5"), ("100", ""), ("1", "1")])
def test_tiers_of_a_plan_do_not_overlap(operator, fewest, most):
    standard, before = rows(SubscriptionPlan).get(code="standard"), rows(SubscriptionPricingTier).count()
    response = add(operator, TIERS, tier(standard, min_storefronts=fewest, max_storefronts=most))
    assert any("has some of these storefronts" in said for said in told(response)), told(response)
    assert rows(SubscriptionPricingTier).count() == before


# --- Two rows of one kind ---------------------------------------------------------------------------------------------


def test_a_new_rate_is_asked_for_from_its_day_on_and_the_old_one_no_more(operator):
    shop, today = open_shop("Ama Provisions"), timezone.localdate()
    before = price(shop)
    assert [(line["code"], line["amount"]) for line in before["taxes"]] == [
        ("VAT", "9.00"),
        ("NHIL", "1.50"),
        ("GETFUND", "1.50"),
    ]
    for starts_on in (today, today + timedelta(days=1)):
        add(operator, TAXES, tax(code="VAT", name="VAT", rate="0.16", position="1", starts_on=starts_on.isoformat()))
        add(operator, CHARGES, charge(gateway="PAYSTACK", rate="0.05", fixed="1", starts_on=starts_on.isoformat()))
    now = price(shop)
    assert [(line["code"], line["amount"]) for line in now["taxes"]] == [
        ("VAT", "9.60"),
        ("NHIL", "1.50"),
        ("GETFUND", "1.50"),
    ]
    assert (now["fee"], now["total"]) == ("4.63", "77.23")


# --- Names that stay --------------------------------------------------------------------------------------------------


def test_the_plan_of_the_trial_keeps_its_name_and_businesses_go_on_registering(operator):
    standard = rows(SubscriptionPlan).get(code="standard")
    change(operator, PLANS, standard, plan(code="basic", name="Basic", max_users="30"))
    standard.refresh_from_db(using="staff")
    assert (standard.code, standard.name, standard.max_users) == ("standard", "Basic", 30)
    shop = open_shop("Ama Provisions")
    assert shop.client().get("/api/v1/subscriptions/status/").json()["data"]["plan"] == "standard"


@pytest.mark.parametrize(
    ("page", "model", "data"),
    [
        (TIERS, SubscriptionPricingTier, {"cycle": "YEARLY", "base": "77"}),
        (TAXES, TaxConfiguration, tax(country="CI", code="TVA", rate="0.77")),
        (CHARGES, ServiceCharge, charge(gateway="STRIPE", currency="XOF", rate="0.77")),
    ],
)
def test_what_names_a_row_stays_as_it_was_added(operator, page, model, data):
    row = rows(model).order_by("pk").first()
    fixed = {"cycle", "plan_id", "country", "code", "gateway", "currency"}
    named = {field.attname: getattr(row, field.attname) for field in row._meta.fields if field.attname in fixed}
    written = "base" if model is SubscriptionPricingTier else "rate"
    other = rows(SubscriptionPlan).exclude(pk=getattr(row, "plan_id", None)).first()
    most = {"min_storefronts": "1", "max_storefronts": "3", "per_extra": "0", "plan": str(other.pk)}
    change(operator, page, row, {**most, **data})
    row.refresh_from_db(using="staff")
    assert getattr(row, written) == Decimal(data[written])
    assert {name: getattr(row, name) for name in named} == named


# --- A line for each deed ---------------------------------------------------------------------------------------------


def test_what_was_added_and_changed_is_in_the_platforms_history_with_what_was(operator):
    add(operator, PLANS, plan())
    village = rows(SubscriptionPlan).get(code="village")
    add(operator, TIERS, tier(village, base="20"))
    row = rows(SubscriptionPricingTier).get(plan=village)
    ((did, before, after),) = lines(village)
    assert (did, before, after["code"], after["max_users"]) == ("subscriptionplan.added", {}, "village", 2)
    ((did, before, after),) = lines(row)
    assert (did, before, after["plan"], after["base"]) == ("subscriptionpricingtier.added", {}, str(village.pk), "20")
    change(operator, TIERS, row, tier(village, base="25.50", max_storefronts="4"))
    change(operator, TIERS, row, tier(village, base="25.50", max_storefronts="4"))
    change(operator, PLANS, village, plan(max_users="3"))
    assert lines(row)[1:] == [
        (
            "subscriptionpricingtier.changed",
            {"base": "20.00", "max_storefronts": None},
            {"base": "25.50", "max_storefronts": 4},
        )
    ]
    assert lines(village)[1:] == [("subscriptionplan.changed", {"max_users": 2}, {"max_users": 3})]


@pytest.fixture
def _nothing_is_noted(committed):
    """A history that takes no line about prices."""
    with connections["owner"].cursor() as cursor:
        rule = "CHECK (subject NOT LIKE 'subscription%') NOT VALID"
        cursor.execute(f"ALTER TABLE audit_events ADD CONSTRAINT nothing_is_noted {rule}")
    yield
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_events DROP CONSTRAINT nothing_is_noted")


@pytest.mark.usefixtures("_nothing_is_noted")
def test_a_price_of_which_no_line_can_be_written_stays_as_it_was(operator):
    row = rows(SubscriptionPricingTier).filter(max_storefronts=None).first()
    before, plans = row.base, rows(SubscriptionPlan).count()
    data = tier(row.plan, base="0.01", min_storefronts=str(row.min_storefronts))
    assert told(change(operator, TIERS, row, data))
    assert told(add(operator, PLANS, plan()))
    row.refresh_from_db(using="staff")
    assert (row.base, rows(SubscriptionPlan).count()) == (before, plans)


def test_what_another_has_written_meanwhile_stays(staff):
    mine, theirs = (rows(SubscriptionPlan).get(code="starter") for _ in range(2))
    mine.name, theirs.max_users, theirs.name = "Small", 9, "Tiny"
    accounts.change_reference(by=staff.member, row=theirs, changes=["max_users", "name"])
    accounts.change_reference(by=staff.member, row=mine, changes=["name"])
    row = rows(SubscriptionPlan).get(code="starter")
    assert (row.name, row.max_users) == ("Small", 9)
    assert lines(row)[-1] == ("subscriptionplan.changed", {"name": "Tiny"}, {"name": "Small"})
