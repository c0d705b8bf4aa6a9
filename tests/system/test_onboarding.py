"""How far a business has come, read from what it has; and what is closed before it has come far enough."""

import pytest

from accounts import services as accounts
from accounts.roles import Role
from core.api.views import DeclaredView
from inventory import services as inventory
from system.permissions import OnboardingIsFinished
from tests.conftest import open_shop
from tests.places import add_member
from tests.routes import routes
from tests.sales.requests import sell

ONBOARDING = "/api/v1/system/onboarding/"
KEYS = {"keys": {"secret_key": "sk_live_0123456789", "email": "till@shop.example"}}
PAYSTACK = "/api/v1/system/settings/integrations/paystack/"


def told(shop, member=None):
    answer = shop.client(member).get(ONBOARDING)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def done(shop):
    return [step["step"] for step in told(shop)["steps"] if step["is_done"]]


@pytest.fixture
def new(db):
    """A business that has registered, and done nothing since."""
    shop = open_shop("New", prices=(), stock="0")
    with shop.inside():
        locked = shop.account.memberships.locked().get(pk=shop.cashier.pk)
        accounts.deactivate_member(by=shop.owner, member=locked)
    return shop


def test_each_step_is_done_as_soon_as_the_business_has_what_it_is_about(new, shop):
    assert (done(new), told(new)["is_finished"], told(new)["total"]) == ([], False, 7)
    add_member(new, Role.CASHIER, name="Yaa")
    assert done(new) == ["second_member"]
    with new.inside():
        soap = inventory.add_product(by=new.owner, sku="S", name="Soap", retail_price="5.00")
    assert (done(new), told(new)["is_finished"]) == (["first_product", "second_member"], True)
    with new.inside():
        item = {"product": soap.pk, "quantity": 5, "unit_cost": 1}
        inventory.receive_stock(by=new.owner, location=new.storefront.pk, items=[item])
        new.products = [soap]
    assert "first_stock" in done(new)
    sell(new)
    with new.inside():
        accounts.add_device(by=new.owner, name="Phone")
    assert new.client().patch("/api/v1/system/settings/account/", {"receipt_header": "New"}).status_code == 200
    assert new.client().put(PAYSTACK, KEYS).status_code == 200
    assert (told(new)["done"], len(done(new))) == (7, 7)
    assert done(shop) == ["first_product", "first_stock", "second_member"]


def test_every_member_may_see_how_far_it_is(shop):
    assert told(shop, shop.cashier) == told(shop)


def test_what_needs_a_finished_onboarding_is_closed_before_and_only_that(new):
    client = new.client()
    for answer in (client.put(PAYSTACK, KEYS), client.post(f"{PAYSTACK}check/")):
        assert (answer.status_code, answer.json()["code"]) == (403, "onboarding_unfinished")
        assert answer.json()["meta"] == {"missing": ["first_product"]}
    assert client.get(PAYSTACK).json()["data"]["uses"] != "own"
    with new.inside():
        inventory.add_product(by=new.owner, sku="S", name="Soap", retail_price="5.00")
    assert client.put(PAYSTACK, KEYS).status_code == 200


def test_these_are_marked_and_no_others_and_the_mark_is_heeded_wherever_it_stands():
    marked = {route.name: route for route in routes() if route.action in (route.declared("needs_onboarding") or ())}
    assert set(marked) == {
        "PUT system/settings/integrations/{provider}/",
        "POST system/settings/integrations/{provider}/check/",
    }
    for route in routes():
        if route.declared("needs_onboarding"):
            assert issubclass(route.view, DeclaredView), route.name
            assert OnboardingIsFinished in route.declared("permission_classes"), route.name
            assert all(hasattr(route.view, action) for action in route.declared("needs_onboarding")), route.name
