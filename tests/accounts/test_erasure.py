"""A person is forgotten everywhere; what was sold, paid and done stays."""

import re
from functools import partial
from threading import Barrier

import pytest
from django.apps import apps
from django.db.models import QuerySet
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts import services
from accounts.models import User
from accounts.roles import Role
from core import tenancy, vault
from tests.conftest import PASSWORD, open_shop
from tests.races import administrator, at_once, meanwhile, meeting_before, watching

NAME, RENAMED, EMAIL = "Efua Quartey-Ɛhun", "Efua Ofosuhene", "efua.quartey@somewhere.example"
PHONE = "Samsung-A04-of-Efua"
PERSONS = re.compile(r"e?mail$|phone|address|user_agent|birth|contact")
AUTH = "/api/v1/accounts/auth/"


def till(**headers):
    return APIClient(raise_request_exception=False, **headers)


def told(mails):
    return re.search(r"token=([\w-]+)", mails[-1].body)[1]


def erase(shop, member, by=None):
    response = shop.client(by).post(f"/api/v1/accounts/memberships/{member}/erase/")
    return response.status_code, response.json()


def code_of(answer):
    return answer[0], answer[1].get("code")


def close(shop, member):
    assert shop.client().post(f"/api/v1/accounts/memberships/{member}/deactivate/").status_code == 200


def tables_that_say(*texts):
    """Every table with a row that has one of these anywhere, as the database's superuser sees it."""
    with administrator() as admin:
        tables = admin.execute(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        assert len(tables) >= 25
        says = "SELECT count(*) FROM {} t WHERE EXISTS (SELECT FROM unnest(%s::text[]) s WHERE strpos(t::text, s) > 0)"
        return {name for (name,) in tables if admin.execute(says.format(name), [list(texts)]).fetchone() != (0,)}


def a_busy_cashier(shop, mails):
    """The id of somebody who was invited, joined, was renamed, has sold by token, cookie and PIN, and left traces."""
    client, key = shop.client(), {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
    offer = {"email": EMAIL, "name": NAME, "role": "CASHIER"}
    assert client.post("/api/v1/accounts/invitations/", offer, **key).status_code == 201
    taken = till().post(f"{AUTH}invitations/{told(mails)}/accept/", {"name": NAME, "password": PASSWORD})
    assert taken.status_code == 201, taken.content
    with shop.inside():
        seat = shop.account.memberships.get(user__email=EMAIL)
        services.change_pin(by=seat, password=PASSWORD, pin="7391")
        device = services.add_device(by=shop.owner, name="Till")
        shop.account.users.filter(pk=seat.user_id).update(
            totp_key=vault.seal("00" * 20), totp_step=9, recovery_codes=vault.digest("0000-0000")
        )
    credentials = {"email": EMAIL, "password": PASSWORD}
    signed = till(HTTP_USER_AGENT=PHONE).post(f"{AUTH}token/", credentials, REMOTE_ADDR="203.0.113.77")
    assert signed.status_code == 200, signed.content
    assert till(HTTP_USER_AGENT=PHONE).post(f"{AUTH}login/", credentials).status_code == 200
    pin = {"member": str(seat.pk), "pin": "7391"}
    assert till(HTTP_X_DEVICE_TOKEN=device.token).post(f"{AUTH}pin/", pin).status_code == 200
    seller = till(HTTP_AUTHORIZATION=f"Bearer {signed.json()['data']['access']}")
    sold = seller.post("/api/v1/sales/sales/", shop.basket())
    assert sold.status_code == 201, sold.content
    # What is told twice is kept in between.
    for name in (RENAMED, NAME):
        assert client.patch(f"/api/v1/accounts/memberships/{seat.pk}/", {"name": name}).status_code == 200
    close(shop, seat.pk)
    again = client.post(f"/api/v1/accounts/memberships/{seat.pk}/reactivate/", {}, HTTP_IDEMPOTENCY_KEY=str(uuid7()))
    assert again.json()["data"]["email"] == EMAIL
    assert till(HTTP_USER_AGENT=PHONE).post(f"{AUTH}login/", credentials).status_code == 200
    assert till().post(f"{AUTH}password/reset/", {"email": EMAIL}).status_code == 202
    return str(seat.pk), sold.json()["data"]


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions")


# --- What is forgotten ------------------------------------------------------------------------------------------------


def test_no_table_says_the_name_the_address_or_the_phone_of_an_erased_person(shop, mailoutbox):
    member, _ = a_busy_cashier(shop, mailoutbox)
    close(shop, member)
    said = {"users", "business_memberships", "invitations", "idempotency_keys"}
    assert tables_that_say(NAME, RENAMED, EMAIL, PHONE, "203.0.113.77") == said
    status, body = erase(shop, member)
    assert (status, body["data"]["name"], body["data"]["is_active"]) == (200, "Erased person", False)
    assert tables_that_say(NAME, RENAMED, EMAIL, PHONE, "203.0.113.77", "Quartey", "Ofosuhene", "efua") == set()


def test_the_login_of_an_erased_person_is_nobodys(shop, mailoutbox):
    member, _ = a_busy_cashier(shop, mailoutbox)
    reset = told(mailoutbox)
    close(shop, member)
    erase(shop, member)
    with shop.inside():
        seat = shop.account.memberships.select_related("user").get(pk=member)
        user = seat.user
        assert (user.email, user.name) == (f"erased-{user.pk}@erased.invalid", "Erased person")
        assert (user.is_active, user.has_usable_password(), user.email_verified_at) == (False, False, None)
        assert (user.totp_key, user.totp_confirmed_at, user.totp_step, user.recovery_codes) == ("", None, 0, "")
        assert (seat.name, seat.pin, seat.is_active) == ("Erased person", "", False)
        assert not shop.account.sessions.filter(user=user).exists()
        invitation = shop.account.invitations.get()
        assert (invitation.email, invitation.name) == (f"erased-{invitation.pk}@erased.invalid", "")
    for email in (EMAIL, user.email):
        refused = till().post(f"{AUTH}token/", {"email": email, "password": PASSWORD})
        assert (refused.status_code, refused.json()["code"]) == (401, "wrong_credentials")
    confirmed = till().post(f"{AUTH}password/reset/confirm/", {"token": reset, "password": "another-horse-1"})
    assert (confirmed.status_code, confirmed.json()["code"]) == (400, "link_invalid")


def test_what_the_person_sold_and_did_stays(shop, mailoutbox):
    member, sold = a_busy_cashier(shop, mailoutbox)
    close(shop, member)
    kept = ("sales", "sale_lines", "payments", "stock_movements", "registers")
    with shop.inside():
        before = {name: list(getattr(shop.account, name).order_by("pk").values()) for name in kept}
        history = list(shop.account.audit_events.order_by("pk").values())
    erase(shop, member)
    with shop.inside():
        assert {name: list(getattr(shop.account, name).order_by("pk").values()) for name in kept} == before
        after = list(shop.account.audit_events.order_by("pk").values())
        assert after[: len(history)] == history
        assert {event["action"] for event in after[len(history) :]} == {
            "invitation.erased",
            "user.erased",
            "sessions.ended",
            "membership.erased",
        }
        assert any(str(event["by_id"]) == member for event in history)
    receipt = shop.client().get(f"/api/v1/sales/sales/{sold['id']}/receipt/").json()["data"]
    assert (receipt["cashier_name"], receipt["sale"]["sold_by"]) == ("Erased person", member)
    assert receipt["sale"]["total"] == sold["total"]
    assert receipt["sale"]["receipt_number"] == sold["receipt_number"]


def test_a_sale_of_an_erased_person_is_still_made_once(shop):
    """Only the answers that show the person go: those of what they sold guard against a second sale."""
    key, seller = {"HTTP_IDEMPOTENCY_KEY": "till-1-sale-1"}, shop.client(shop.cashier)
    basket = shop.basket()
    del basket["id"]
    sold = seller.post("/api/v1/sales/sales/", basket, **key)
    assert sold.status_code == 201
    close(shop, shop.cashier.pk)
    assert erase(shop, shop.cashier.pk)[0] == 200
    again = shop.client().post("/api/v1/sales/sales/", basket, **key)
    assert (again["Idempotency-Replayed"], again.json()) == ("true", sold.json())


def test_the_address_is_free_afterwards_for_a_business_of_its_own(shop):
    email = shop.cashier.user.email
    body = {"business_name": "Efua's", "name": "Efua", "email": email, "password": PASSWORD, "country": "GH"}
    close(shop, shop.cashier.pk)
    assert till().post(f"{AUTH}register-business/", body).status_code == 409
    erase(shop, shop.cashier.pk)
    assert till().post(f"{AUTH}register-business/", body).status_code == 201
    assert till().post(f"{AUTH}token/", {"email": email, "password": PASSWORD}).status_code == 200


def test_who_moved_on_loses_the_name_here_and_keeps_the_login_there(shop, mailoutbox):
    member, _ = a_busy_cashier(shop, mailoutbox)
    close(shop, member)
    other = open_shop("Stranger Stores")
    assert other.client().post("/api/v1/accounts/invitations/", {"email": EMAIL, "role": "STAFF"}).status_code == 201
    accept = till().post(f"{AUTH}invitations/{told(mailoutbox)}/accept/", {"name": NAME, "password": PASSWORD})
    assert accept.status_code == 201, accept.content
    with other.inside():
        before = User.across_accounts.values().get(email=EMAIL)
    assert erase(shop, member)[0] == 200
    with shop.inside():
        assert shop.account.memberships.get(pk=member).name == "Erased person"
        assert shop.account.invitations.get().name == ""
    with other.inside():
        assert User.across_accounts.values().get(email=EMAIL) == before
        assert other.account.memberships.get(user__email=EMAIL).name == NAME
        assert other.account.invitations.get().email == EMAIL
    assert till().post(f"{AUTH}token/", {"email": EMAIL, "password": PASSWORD}).status_code == 200


def test_an_open_invitation_of_the_person_is_withdrawn(shop, mailoutbox):
    close(shop, shop.cashier.pk)
    offer = {"email": shop.cashier.user.email, "role": "CASHIER"}
    assert shop.client().post("/api/v1/accounts/invitations/", offer).status_code == 201
    token = told(mailoutbox)
    erase(shop, shop.cashier.pk)
    assert till().get(f"{AUTH}invitations/{token}/").json()["code"] == "invitation_unknown"
    assert shop.client().get("/api/v1/accounts/invitations/").json()["results"][0]["state"] == "REVOKED"


def test_what_sounds_like_a_persons_is_declared_as_personal():
    swept = 0
    for model in apps.get_models():
        if issubclass(model, tenancy.Identified):
            found = {field.name for field in model._meta.concrete_fields if PERSONS.search(field.name)}
            assert found <= model.PERSONAL, model
            swept += len(found)
    assert swept >= 5


# --- Whom, and by whom ------------------------------------------------------------------------------------------------


def people(shop):
    with shop.inside():
        rows = [list(shop.account.users.order_by("pk").values())]
        return [*rows, list(shop.account.memberships.order_by("pk").values()), shop.account.audit_events.count()]


def test_who_has_a_seat_is_not_erased_nor_erases_themself(shop):
    shop.bearer()
    before = people(shop)
    assert code_of(erase(shop, shop.cashier.pk)) == (409, "still_seated")
    assert code_of(erase(shop, shop.owner.pk)) == (409, "still_seated")
    assert people(shop) == before


def test_nobody_erases_beyond_their_role_or_without_the_right(shop):
    with shop.inside():
        other, admin, manager = (
            services.add_member(
                account=shop.account, name=role, email=f"{role.lower()}@x.example", password=PASSWORD, role=Role(role)
            )
            for role in ("OWNER", "ADMIN", "MANAGER")
        )
    close(shop, other.pk)
    close(shop, shop.cashier.pk)
    shop.bearer(admin), shop.bearer(manager)
    before = people(shop)
    assert code_of(erase(shop, other.pk, by=admin)) == (403, "capability_missing")
    assert code_of(erase(shop, shop.cashier.pk, by=manager)) == (403, "capability_missing")
    assert people(shop) == before
    assert erase(shop, shop.cashier.pk, by=admin)[0] == 200


def test_another_business_person_is_not_there(shop):
    other = open_shop("Stranger Stores")
    close(other, other.cashier.pk)
    assert code_of(erase(shop, other.cashier.pk)) == code_of(erase(shop, uuid7())) == (404, "not_found")
    with other.inside():
        assert other.account.memberships.get(pk=other.cashier.pk).name == "Cashier of Stranger Stores"


def test_to_erase_twice_is_to_erase_once(shop):
    close(shop, shop.cashier.pk)
    assert erase(shop, shop.cashier.pk)[0] == 200
    before = people(shop)
    again = erase(shop, shop.cashier.pk)
    assert (again[0], again[1]["data"]["name"]) == (200, "Erased person")
    assert people(shop) == before


def test_an_erased_person_is_not_let_in_again(shop):
    close(shop, shop.cashier.pk)
    erase(shop, shop.cashier.pk)
    response = shop.client().post(f"/api/v1/accounts/memberships/{shop.cashier.pk}/reactivate/")
    assert (response.status_code, response.json()["code"]) == (409, "seat_empty")


def test_a_name_that_is_changed_is_not_quoted_in_the_history(shop):
    assert shop.client().patch(f"/api/v1/accounts/memberships/{shop.cashier.pk}/", {"name": NAME}).status_code == 200
    with shop.inside():
        event = shop.account.audit_events.get(action="membership.changed")
    assert (event.before, event.after) == ({"name": "***"}, {"name": "***"})


# --- At the same instant ----------------------------------------------------------------------------------------------


def close_and_erase(shop, client):
    for act in ("deactivate", "erase"):
        response = client.post(f"/api/v1/accounts/memberships/{shop.cashier.pk}/{act}/")
        assert response.status_code == 200, response.content


def sign_in(shop):
    credentials = {"email": shop.cashier.user.email, "password": PASSWORD}
    response = till(HTTP_USER_AGENT=PHONE).post(f"{AUTH}token/", credentials)
    return response.status_code, response.json().get("code")


def sessions_of_the_cashier(shop):
    with shop.inside():
        return shop.account.sessions.filter(user=shop.cashier.user_id).count()


def test_who_signs_in_just_before_being_erased_has_no_session_afterwards(shop):
    client = shop.client()
    with watching() as until_blocked:
        erasing = partial(close_and_erase, shop, client)
        with meanwhile('INSERT INTO "sessions"', erasing, until=lambda _: until_blocked(1)):
            assert sign_in(shop) == (200, None)
    assert sessions_of_the_cashier(shop) == 0
    assert tables_that_say(PHONE, shop.cashier.user.email) == set()


def test_who_is_erased_while_signing_in_gets_no_session(shop):
    client = shop.client()
    lock = 'SELECT .* FROM "users" .* FOR NO KEY UPDATE'
    with meanwhile(lock, partial(close_and_erase, shop, client)):
        assert sign_in(shop) == (401, "wrong_credentials")
    assert sessions_of_the_cashier(shop) == 0


def unlocked(queryset, **kwargs):
    return queryset


def test_control_without_the_lock_a_session_outlives_its_erased_person(shop, monkeypatch):
    client = shop.client()
    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    with meanwhile('INSERT INTO "sessions"', partial(close_and_erase, shop, client)):
        assert sign_in(shop) == (200, None)
    assert sessions_of_the_cashier(shop) == 1
    assert tables_that_say(PHONE) == {"sessions"}


def test_who_changes_the_till_by_pin_while_being_erased_gets_no_session(shop):
    with shop.inside():
        services.change_pin(by=shop.cashier, password=PASSWORD, pin="7391")
        device = services.add_device(by=shop.owner, name="Till")
    client, pin = shop.client(), {"member": str(shop.cashier.pk), "pin": "7391"}
    with meanwhile("SELECT CASE", partial(close_and_erase, shop, client)):
        answer = till(HTTP_X_DEVICE_TOKEN=device.token).post(f"{AUTH}pin/", pin)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_pin")
    assert sessions_of_the_cashier(shop) == 0


def test_who_is_erased_while_moving_to_another_business_does_not_arrive(shop, mailoutbox):
    other, client = open_shop("Stranger Stores"), shop.client()
    offer = {"email": shop.cashier.user.email, "role": "STAFF"}
    assert other.client().post("/api/v1/accounts/invitations/", offer).status_code == 201
    token = told(mailoutbox)
    lock = 'SELECT .* FROM "users" .* FOR NO KEY UPDATE'
    with meanwhile(lock, partial(close_and_erase, shop, client)):
        pass_on = {"name": NAME, "password": PASSWORD}
        answer = till().post(f"{AUTH}invitations/{token}/accept/", pass_on)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    with other.inside():
        assert other.account.memberships.count() == 2


def erasures(shop):
    with shop.inside():
        events = shop.account.audit_events.filter(action__endswith=".erased").values_list("action", flat=True)
        return sorted(events)


def test_two_who_erase_one_person_at_once_erase_once(shop):
    close(shop, shop.cashier.pk)
    results = at_once([lambda: erase(shop, shop.cashier.pk)[0]] * 4)
    assert results == [200] * 4
    assert erasures(shop) == ["membership.erased", "user.erased"]


def test_control_without_locks_two_erase_one_person_twice(shop, monkeypatch):
    close(shop, shop.cashier.pk)
    both_have_read = Barrier(2)

    def erasing():
        with meeting_before('DELETE FROM "idempotency_keys"', both_have_read):
            return erase(shop, shop.cashier.pk)[0]

    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    assert at_once([erasing] * 2) == [200] * 2
    assert erasures(shop).count("user.erased") == 2
