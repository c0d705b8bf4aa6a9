"""The console's door, and what is behind it: pages about all businesses, for the platform's staff alone."""

import re
from contextlib import ExitStack
from datetime import date

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Invitation, Membership, User
from accounts.roles import Role
from billing.models import CreditCost, CreditPack
from core import tenancy
from core.admin import AccountFilter
from inventory import services as inventory
from subscriptions.models import ServiceCharge, SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration
from tests import bodies
from tests.conftest import PASSWORD, open_shop
from tests.console import LOGIN, hire, rows_of
from tests.sales.requests import refund, sell
from tests.test_query_counts import buy

pytestmark = pytest.mark.usefixtures("committed")

# What operators add here.
ADDED = (
    *(Membership, Invitation, CreditCost, CreditPack),
    *(SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration, ServiceCharge),
)
PAGES = list(admin.site._registry.items())


def address_of(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def fill(shop):
    """Rows of every kind, and all the secrets that people and devices have."""
    bodies.fill(shop)
    # For a day that no test comes to.
    CreditCost.objects.using("owner").get_or_create(operation="linking", starts_on=date(2199, 1, 1), credits=1)
    with shop.inside():
        services.begin_totp(by=shop.owner, password=PASSWORD)
        shop.owner.user.refresh_from_db()
        services.change_pin(by=shop.cashier, password=PASSWORD, pin="4071")
        device = services.add_device(by=shop.owner, name="Counter")
        offer = services.invite(by=shop.owner, email="yaw@example.com", role=Role.CASHIER)
        inventory.add_category(by=shop.owner, name="Soap")
        buy(shop, "Kofi", shop.storefront, shop.products[0])
        customer = shop.account.customers.create(name="Efua", phone="0244")
    sale = sell(shop, customer=str(customer.pk))
    assert refund(shop, sale).status_code == 201
    with shop.inside():
        people = shop.account.users.all()
        secrets = {value for user in people for value in (user.password, user.totp_key) if value}
        secrets |= {seat.pin for seat in shop.account.memberships.exclude(pin="")}
        secrets |= {session.fingerprint for session in shop.account.sessions.all()}
        secrets |= {str(session.refresh_id) for session in shop.account.sessions.all()}
        return secrets | {device.token_hash, offer.token_hash}


def listed(response):
    """The rows of a list."""
    return re.findall(r"<tr><.*?</tr>", response.content.decode().partition('id="result_list"')[2], re.DOTALL)


def business_of(row):
    return re.search(r"field-account[^>]*>(?:<a[^>]*>)?([^<]*)", row)[1]


# --- Who gets which page ----------------------------------------------------------------------------------------------


def everywhere():
    found = ["/admin/", "/admin/jsi18n/", "/admin/accounts/"]
    for model, _ in PAGES:
        pk = (rows_of(model) or ["none"])[0]
        found += [address_of(model), address_of(model, "add"), address_of(model, "change", pk)]
        found += [address_of(model, "delete", pk), address_of(model, "history", pk)]
    return found


def visitors(shop, staff):
    """Who is nobody here, and how they come."""
    owner, by_token, bearer = Client(), Client(), {}
    login = {"email": shop.owner.user.email, "password": PASSWORD}
    assert owner.post("/api/v1/accounts/auth/login/", login, content_type="application/json").status_code == 200
    token = Client().post("/api/v1/accounts/auth/token/", staff.credentials, content_type="application/json")
    bearer = {"Authorization": f"Bearer {token.json()['data']['access']}"}
    assert by_token.get("/api/v1/accounts/auth/me/", headers=bearer).status_code == 200
    return {
        "nobody": (Client(), {}),
        "an owner by cookie": (owner, {}),
        "an owner by token": (Client(), {"Authorization": shop.bearer()}),
        "staff by token": (by_token, bearer),
        "staff for a business": (by_token, {**bearer, "X-Account-ID": str(shop.id)}),
    }


def test_nobody_else_gets_a_page_however_they_come():
    shop, staff = open_shop("Ama Provisions"), hire(Role.OPERATOR)
    fill(shop)
    addresses = everywhere()
    for who, (client, headers) in visitors(shop, staff).items():
        for address in addresses:
            response = client.get(address, headers=headers)
            assert response.status_code == 302, (who, address, response.status_code)
            assert response["Location"].startswith(LOGIN), (who, address)
            response = client.post(address, headers=headers)
            assert response.status_code == 302, (who, address, response.status_code)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.OPERATOR])
def test_every_page_opens_for_staff_shows_the_rows_and_no_secret(role):
    shop, staff = open_shop("Ama Provisions"), hire(role)
    secrets = fill(shop)
    assert len(secrets) >= 8
    client = staff.client()
    assert len(PAGES) >= 15
    for model, page in PAGES:
        pks = rows_of(model)
        assert pks, f"fill() makes no {model.__name__}"
        named = {"account": str(shop.id)} if AccountFilter in page.list_filter else {}
        pages = [client.get(address_of(model), {**named, **more}) for more in ({}, {"q": "ama"}, {"o": "1"})]
        pages += [client.get(address_of(model, "change", pk)) for pk in pks]
        if role == Role.OPERATOR and model in ADDED:
            pages.append(client.get(address_of(model, "add"), {"business": str(shop.id)}))
        assert len(listed(pages[0])) >= 1, model
        for response in pages:
            assert response.status_code == 200, (model, response)
            shown = response.content.decode()
            assert not [secret for secret in secrets if secret in shown], model


def test_support_only_looks():
    shop, staff = open_shop("Ama Provisions"), hire(Role.SUPPORT)
    fill(shop)
    client = staff.client()
    for model, _ in PAGES:
        pk = rows_of(model)[0]
        for address in (address_of(model, "add"), address_of(model, "delete", pk)):
            response = client.get(address)
            assert (response.status_code, response.json()["code"]) == (403, "capability_missing"), address
        shown = client.get(address_of(model, "change", pk)).content.decode()
        assert 'name="_save"' not in shown, model
        assert 'name="action"' not in client.get(address_of(model)).content.decode(), model


def test_operators_remove_nothing_and_write_in_no_ledger():
    shop, staff = open_shop("Ama Provisions"), hire(Role.OPERATOR)
    fill(shop)
    client = staff.client()
    writable = set()
    for model, _ in PAGES:
        pk = rows_of(model)[0]
        assert client.get(address_of(model, "delete", pk)).status_code == 403, model
        if 'name="_save"' in client.get(address_of(model, "change", pk)).content.decode():
            writable.add(model.__name__)
        if client.get(address_of(model, "add")).status_code == 200:
            writable.add(model.__name__)
    assert writable == {model.__name__ for model in ADDED}
    ledgers = [
        model
        for model in apps.get_models()
        if any(isinstance(rule, tenancy.AppendOnly) for rule in model._meta.constraints)
    ]
    registered = [model for model in ledgers if model in admin.site._registry]
    assert len(registered) >= 3
    for model in registered:
        page = admin.site._registry[model]
        assert not page.writable, model
        assert page.actions is None, model


def test_what_django_would_let_people_do_past_the_services_is_not_there():
    client = hire(Role.OPERATOR).client()
    for address in ("password_change/", "password_change/done/", "r/1/1/", "autocomplete/", "auth/group/"):
        assert client.get(f"/admin/{address}").status_code == 404, address


# --- The staff's connection -------------------------------------------------------------------------------------------


def test_pages_are_read_as_staff_and_nothing_is_written_there():
    shop, staff = open_shop("Ama Provisions"), hire(Role.OPERATOR)
    fill(shop)
    client = staff.client()
    seen = {"staff": [], "default": []}

    def noting(alias):
        def note(execute, sql, params, many, context):
            seen[alias].append(sql)
            return execute(sql, params, many, context)

        return connections[alias].execute_wrapper(note)

    with ExitStack() as stack:
        for alias in seen:
            stack.enter_context(noting(alias))
        for model, _ in PAGES:
            client.get(f"{address_of(model)}?account={shop.id}")
            client.get(address_of(model, "change", rows_of(model)[0]))
    assert len(seen["staff"]) > len(PAGES)
    assert {sql.split()[0] for sql in seen["staff"]} == {"SELECT"}
    for table in ("products", "sales", "customers", "audit_events", "invitations"):
        assert not [sql for sql in seen["default"] if f'FROM "{table}"' in sql], table


def test_the_webs_own_role_sees_no_other_business_from_the_platforms_account():
    shop, staff = open_shop("Ama Provisions"), hire(Role.OPERATOR)
    with tenancy.scope(staff.member.account_id):
        assert set(Membership.across_accounts.values_list("account_id", flat=True)) == {staff.member.account_id}
    assert set(Membership.across_accounts.using("staff").values_list("account_id", flat=True)) == {
        shop.id,
        staff.member.account_id,
    }


def test_long_lists_wait_until_a_business_is_named_by_id_or_by_a_part_of_its_name():
    _, other = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    client = hire(Role.SUPPORT).client()
    for model in (apps.get_model("inventory.Product"), apps.get_model("accounts.AuditEvent")):
        shown = {
            named: listed(client.get(address_of(model), {"account": named}))
            for named in ("", "provis", str(other.id), "nobody's")
        }
        assert shown[""] == shown["nobody's"] == []
        assert {business_of(row) for row in shown["provis"]} == {"Ama Provisions"}
        assert {business_of(row) for row in shown[str(other.id)]} == {"Stranger Stores"}


def test_nonsense_in_an_address_is_no_fault_of_ours():
    client = hire(Role.SUPPORT).client()
    product = address_of(apps.get_model("inventory.Product"))
    for tail in (
        "?account=%00",
        "?account=%F0%9F%98%80",
        "?q=%00",
        "?p=x",
        "?o=9.-9",
        "?subject=x",
        "%00/change/",
        "x/change/",
    ):
        assert client.get(f"{product}{tail}").status_code in (200, 302, 400), tail
    assert client.get(f"{address_of(User)}?seat=%00&is_active__exact=%00").status_code == 400


@pytest.mark.parametrize(
    ("label", "lookup"),
    [
        ("accounts.Membership", "pin__regex"),
        ("accounts.Membership", "user__password__startswith"),
        ("accounts.User", "password__startswith"),
        ("accounts.User", "totp_key__gt"),
        ("accounts.User", "recovery_codes__contains"),
        ("accounts.Session", "fingerprint__startswith"),
        ("accounts.Device", "token_hash__startswith"),
        ("accounts.Invitation", "token_hash"),
        ("accounts.Account", "name__regex"),
        ("accounts.Account", "created_at__year"),
    ],
)
def test_no_secret_can_be_guessed_by_a_filter_that_the_page_does_not_offer(label, lookup):
    open_shop("Ama Provisions")
    client = hire(Role.OPERATOR).client()
    for value in ("", "a", "(", "0"):
        response = client.get(address_of(apps.get_model(label)), {lookup: value, "account": "Ama"})
        assert response.status_code == 400, (lookup, value)


def test_orphans_and_people_whose_address_is_not_verified_are_found_by_filter():
    shop = open_shop("Ama Provisions")
    with shop.inside():
        services.deactivate_member(by=shop.owner, member=shop.account.memberships.locked().get(pk=shop.cashier.pk))
    staff = hire(Role.SUPPORT)
    client = staff.client()

    def found(**filters):
        rows = "".join(listed(client.get(address_of(User), filters)))
        return {user.email for user in (shop.owner.user, shop.cashier.user, staff.member.user) if user.email in rows}

    owner, cashier, support = shop.owner.user.email, shop.cashier.user.email, staff.member.user.email
    assert found() == {owner, cashier, support}
    assert found(seat="none") == {cashier}
    assert found(seat="active") == {owner, support}
    assert found(email_verified_at__isempty="1") == {owner, cashier}
    assert found(email_verified_at__isempty="0") == {support}


def test_the_history_of_a_row_is_the_businesss_own():
    shop = open_shop("Ama Provisions")
    client = hire(Role.SUPPORT).client()
    response = client.get(address_of(Membership, "history", shop.owner.pk))
    expected = f"/admin/accounts/auditevent/?subject_id={shop.owner.pk}&account={shop.id}"
    assert (response.status_code, response["Location"]) == (302, expected)
    assert client.get(expected).status_code == 200
