"""What operators do at the console: plans, prices and taxes for everybody, and the suspension of one business."""

from decimal import Decimal

import pytest
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from core import tenancy
from subscriptions.models import ServiceCharge, SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration
from tests.accounts.test_admin_acts import act, history
from tests.conftest import open_shop
from tests.console import hire
from tests.subscriptions.paying import held, hold, pay
from tests.subscriptions.reference import PLANS, TIERS, add, plan, reference_put_back

pytestmark = pytest.mark.usefixtures("committed")

HELD, PAYMENTS, INVOICES = (
    f"admin:subscriptions_{name}" for name in ("subscription", "subscriptionpayment", "invoice")
)


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions")


@pytest.fixture
def operator(committed):
    return hire(Role.OPERATOR).client()


@pytest.fixture
def support(committed):
    return hire(Role.SUPPORT).client()


@pytest.fixture(autouse=True)
def _as_it_was(django_db_setup, django_db_blocker):
    with reference_put_back(django_db_blocker):
        yield


def test_an_operator_adds_a_plan_with_a_price_and_a_shop_pays_it(shop, operator):
    add(operator, PLANS, plan())
    village = SubscriptionPlan.objects.using("staff").get(code="village")
    assert (village.max_storefronts, village.max_products) == (1, None)
    tier = {"plan": str(village.pk), "cycle": "MONTHLY", "min_storefronts": "1", "max_storefronts": "", "base": "20"}
    add(operator, TIERS, {**tier, "per_extra": "0"})
    codes = [row["code"] for row in shop.client().get("/api/v1/subscriptions/plans/").json()["results"]]
    assert codes == ["standard", "starter", "unlimited", "village"]
    pay(shop, plan="village")
    assert held(shop).plan_today.code == "village"


def test_a_plan_that_is_offered_no_more_is_paid_on_by_who_has_it(shop, operator):
    hold(shop, "starter", days_left=3)
    starter = SubscriptionPlan.objects.using("staff").get(code="starter")
    data = plan(code="starter", name="Starter", max_users="5", max_storefronts="2", max_products="500")
    data.pop("is_offered")
    operator.post(reverse(f"{PLANS}_change", args=[starter.pk]), data, follow=True)
    starter.refresh_from_db(using="staff")
    assert not starter.is_offered
    assert pay(shop)["plan"] == "starter"
    other = open_shop("Kofi Cold Store")
    refused = other.client().get("/api/v1/subscriptions/my-pricing/", {"plan": "starter"})
    assert refused.json()["errors"][0]["field"] == "plan"


def test_support_looks_and_changes_nothing(shop, support):
    before = list(SubscriptionPlan.objects.using("staff").values())
    page = support.get(reverse(f"{PLANS}_changelist"))
    assert page.status_code == 200
    assert add(support, PLANS, plan()).status_code == 403
    starter = SubscriptionPlan.objects.using("staff").get(code="starter")
    assert support.post(reverse(f"{PLANS}_change", args=[starter.pk]), plan()).status_code == 403
    act(support, HELD, "suspend", held(shop))
    assert list(SubscriptionPlan.objects.using("staff").values()) == before
    assert held(shop).suspended_at is None


@pytest.mark.parametrize("model", [SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration, ServiceCharge])
def test_the_webs_own_role_cannot_write_what_is_the_same_for_everybody(shop, model):
    with shop.inside(), pytest.raises(DatabaseError, match="permission denied"):
        model.objects.update(id=model.objects.values("id")[:1])


def test_a_suspension_closes_the_shop_at_once_and_ends_as_the_dates_say(shop, operator):
    hold(shop, days_left=10)
    client, basket = shop.client(), shop.basket()
    act(operator, HELD, "suspend", held(shop))
    act(operator, HELD, "suspend", held(shop))
    assert client.post("/api/v1/sales/sales/", basket).status_code == 402
    assert client.get("/api/v1/sales/sales/")["X-Subscription-Status"] == "SUSPENDED"
    act(operator, HELD, "unsuspend", held(shop))
    assert client.post("/api/v1/sales/sales/", basket).status_code == 201
    did = [line[0] for line in history(shop) if not line[0].startswith("staff.")]
    assert did == ["subscription.suspended", "subscription.unsuspended"]


def test_payments_and_invoices_are_looked_at_and_never_changed(shop, operator):
    pay(shop)
    with tenancy.scope(shop.id):
        payment, invoice = shop.account.subscription_payments.get(), shop.account.invoices.get()
    for page, row in ((PAYMENTS, payment), (INVOICES, invoice)):
        assert operator.get(reverse(f"{page}_changelist")).status_code == 200
        address = reverse(f"{page}_change", args=[row.pk])
        assert operator.get(address).status_code == 200
        assert operator.post(address, {"total": "1"}).status_code == 403
    with tenancy.scope(shop.id):
        assert shop.account.invoices.get().total == payment.total > Decimal(0)
    assert held(shop).ends_on > timezone.localdate()
