"""Staff who look into a business leave a line in its history, which the business can read."""

import pytest
from django.apps import apps
from django.urls import reverse

from accounts.models import Account, Membership
from accounts.roles import Role
from tests.conftest import open_shop
from tests.console import LOGIN, hire

pytestmark = pytest.mark.usefixtures("committed")

Product = apps.get_model("inventory.Product")


def address_of(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def looks(shop):
    """What staff asked for, as the owner reads it."""
    rows = shop.client().get("/api/v1/system/audit-logs/").json()["results"]
    return [(row["after"]["method"], row["after"]["path"]) for row in rows if row["action"] == "staff.requested"]


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions")


@pytest.fixture
def other(committed):
    return open_shop("Stranger Stores")


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.OPERATOR])
def test_the_business_reads_which_of_its_pages_was_opened_and_by_whom(shop, other, role):
    client = hire(role).client()
    opened = [address_of(Product, "change", shop.products[0].pk), address_of(Account, "change", shop.id)]
    for page in opened:
        assert client.get(page).status_code == 200
    assert looks(shop) == [("GET", page) for page in reversed(opened)]
    assert looks(other) == []
    with shop.inside():
        events = shop.account.audit_events.filter(action="staff.requested").select_related("by")
        assert {(event.by.name, str(event.subject_id)) for event in events} == {("Akua (Makola)", str(shop.id))}


def test_a_list_that_names_the_business_is_a_look_and_one_that_names_none_is_not(shop, other):
    client = hire(Role.SUPPORT).client()
    people, goods = address_of(Membership), address_of(Product)
    assert client.get(people).status_code == 200
    assert client.get(goods).status_code == 200
    assert looks(shop) == looks(other) == []
    assert client.get(goods, {"account": str(shop.id)}).status_code == 200
    assert (looks(shop), looks(other)) == ([("GET", goods)], [])
    assert client.get(people, {"account": "s"}).status_code == 200  # which is in both names
    assert (looks(shop), looks(other)) == ([("GET", people), ("GET", goods)], [("GET", people)])


def test_where_nothing_of_the_business_is_shown_nothing_is_noted(shop):
    client = hire(Role.SUPPORT).client()
    assert client.get(address_of(Product), {"account": str(shop.id), "q": "nothing like it"}).status_code == 200
    assert client.get(address_of(Product), {"account": "nobody"}).status_code == 200
    assert client.get(address_of(Product, "change", shop.id)).status_code == 302
    assert looks(shop) == []


def test_the_platforms_own_rows_are_no_businesss_affair(shop):
    staff = hire(Role.SUPPORT)
    client = staff.client()
    assert client.get(address_of(Membership, "change", staff.member.pk)).status_code == 200
    assert client.get(address_of(Membership), {"account": str(staff.member.account_id)}).status_code == 200
    seats = Membership.across_accounts.using("staff").filter(staff__isnull=False)
    assert not seats.exists()
    assert looks(shop) == []


def test_who_is_not_let_in_leaves_no_line(shop):
    response = shop.client().get(address_of(Product, "change", shop.products[0].pk))
    assert (response.status_code, response["Location"].startswith(LOGIN)) == (302, True)
    assert looks(shop) == []


def test_a_look_that_is_refused_is_on_record_all_the_same(shop):
    client = hire(Role.SUPPORT).client()
    page = address_of(Product, "delete", shop.products[0].pk)
    assert client.get(page).status_code == 403
    assert looks(shop) == [("GET", page)]
