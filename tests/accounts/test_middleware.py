"""S04: who is asking, by session and by token, at the moment of asking."""

import re
from contextlib import contextmanager
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings as configured
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import User
from tests.conftest import PASSWORD, open_shop

AUTH = "/api/v1/accounts/auth/"
ME = f"{AUTH}me/"


def client_with(token=None):
    client = APIClient(raise_request_exception=False)
    if token:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def signed_in(member):
    client = client_with()
    assert client.post(f"{AUTH}login/", {"email": member.user.email, "password": PASSWORD}).status_code == 200
    return client


def forged(shop, *, kind="access", key=None, without=(), **claims):
    """A token of our own making for the owner, right but for what is said here."""
    issued = jwt.decode(shop.tokens()[kind], options={"verify_signature": False})
    payload = {**issued, **claims}
    for claim in without:
        del payload[claim]
    return jwt.encode(payload, key or configured.SECRET_KEY, algorithm="HS256")


def answer(client, path=ME):
    response = client.get(path)
    body = response.json()
    return response.status_code, body.get("code") or body["data"]["account"]["id"]


@contextmanager
def access_lost(shop, member):
    """Cookie, access and refresh token work before, and none of them after."""
    issued = shop.tokens(member)
    session, token = signed_in(member), client_with(issued["access"])
    assert answer(session)[0] == answer(token)[0] == 200
    yield
    assert answer(session) == (401, "credential_invalid")
    assert answer(token) == (401, "credential_invalid")
    assert refresh(issued["refresh"]) == (401, "credential_invalid")


def refresh(token):
    response = client_with().post(f"{AUTH}token/refresh/", {"refresh": token})
    return response.status_code, response.json().get("code")


# --- Which account ----------------------------------------------------------------------------------------------------


def sign_in(member, *, expected=200):
    """Tokens by e-mail address and password, as a till gets them."""
    body = {"email": member.user.email, "password": PASSWORD}
    response = client_with().post(f"{AUTH}token/", body)
    assert response.status_code == expected, response.content
    return response.json()["data"]


def move(old, new, member, mailbox):
    """Let a member go, invite them elsewhere, and accept in their name."""
    gone = old.client().post(f"/api/v1/accounts/memberships/{member.pk}/deactivate/")
    offer = {"email": member.user.email, "role": "STAFF"}
    invited = new.client().post("/api/v1/accounts/invitations/", offer)
    assert (gone.status_code, invited.status_code) == (200, 201)
    token = re.search(r"token=([\w-]+)", mailbox[-1].body)[1]
    accepted = client_with().post(f"{AUTH}invitations/{token}/accept/", {"name": "Ada", "password": PASSWORD})
    assert accepted.status_code == 201, accepted.content


@pytest.mark.django_db
def test_s04a_a_token_of_the_current_account_works(shop):
    """S04."""
    assert answer(client_with(shop.tokens()["access"])) == (200, str(shop.id))


def test_s04b_who_moves_loses_all_credentials_and_is_in_the_new_business_after_signing_in_again(committed, mailoutbox):
    """S04."""
    old, new = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    with access_lost(old, old.cashier):
        move(old, new, old.cashier, mailoutbox)
    session, token = signed_in(old.cashier), client_with(sign_in(old.cashier)["access"])
    for client in (session, token):
        assert answer(client) == (200, str(new.id))
        rows = client.get("/api/v1/inventory/products/").json()["results"]
        assert {row["id"] for row in rows} == {str(product.pk) for product in new.products}
        assert client.get(f"/api/v1/inventory/products/{old.products[0].pk}/").status_code == 404
    with old.inside():
        left = old.account.memberships.get(pk=old.cashier.pk)
        assert (left.user_id, left.name) == (None, old.cashier.name)


def move_in_sql(member, account):
    """Behind the services' back, as the owner of the tables: the seat stays without its user, the user goes."""
    with connections["owner"].cursor() as cursor, transaction.atomic(using="owner"):
        cursor.execute(
            "UPDATE business_memberships SET user_id = NULL, is_active = false WHERE user_id = %s", [member.user_id]
        )
        cursor.execute("UPDATE users SET account_id = %s WHERE id = %s", [account.pk, member.user_id])
        cursor.execute(
            "INSERT INTO business_memberships (id, account_id, user_id, name, role, is_active, is_limited, pin,"
            " version, created_at) VALUES (%s, %s, %s, 'Moved', 'CASHIER', true, false, '', 1, now())",
            [uuid7(), account.pk, member.user_id],
        )


def test_s04b_not_even_a_move_in_raw_sql_leaves_a_credential_that_shows_the_old_business(committed):
    """S04."""
    old, new = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    with access_lost(old, old.cashier):
        with pytest.raises(IntegrityError, match="accounts_session_user_same_account"):
            move_in_sql(old.cashier, new.account)  # while there are sessions
        with connections["owner"].cursor() as cursor:
            cursor.execute("DELETE FROM sessions WHERE user_id = %s", [old.cashier.user_id])
        move_in_sql(old.cashier, new.account)
    for client in (signed_in(old.cashier), client_with(sign_in(old.cashier)["access"])):
        assert answer(client) == (200, str(new.id))


@pytest.mark.django_db
def test_s04c_a_token_without_an_account_is_of_the_current_one(shop):
    """S04."""
    for token in (forged(shop, without=["account_id"]), forged(shop, account_id=None)):
        assert answer(client_with(token)) == (200, str(shop.id))


@pytest.mark.django_db
def test_s04e_session_and_token_give_the_same_answer(shop):
    """S04."""
    by_session = signed_in(shop.owner).get(ME).json()["data"]
    by_token = shop.client().get(ME).json()["data"]
    both = signed_in(shop.owner)
    by_both = both.get(ME, **shop.client()._credentials).json()["data"]
    assert by_session == by_token == by_both


@pytest.mark.django_db
def test_s04f_a_session_of_one_user_and_a_token_of_another_disagree(shop, stranger):
    """S04."""
    for other in (shop.cashier, stranger.owner):
        client = signed_in(shop.owner)
        client.credentials(HTTP_AUTHORIZATION=(shop if other is shop.cashier else stranger).bearer(other))
        response = client.get(ME)
        assert (response.status_code, response.json()["code"]) == (401, "credentials_disagree")
        assert response["WWW-Authenticate"]
        # Views for everybody do not mind.
        assert client.get(f"{AUTH}csrf/").status_code == 200


@pytest.mark.django_db
def test_s04g_an_account_in_the_token_that_is_gone_or_a_strangers_never_beats_the_current_one(shop, stranger):
    """S04."""
    for claim in (str(uuid7()), str(stranger.id)):
        client = client_with(forged(shop, account_id=claim))
        assert answer(client) == (200, str(shop.id))
        rows = client.get("/api/v1/inventory/products/").json()["results"]
        assert {row["id"] for row in rows} == {str(product.pk) for product in shop.products}


# --- Which credentials ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer é.é.é", "Bearer null", "Basic b3duZXI6eA==", "x", " "],
)
def test_a_header_that_is_no_token_is_401(shop, header):
    client = client_with()
    client.credentials(HTTP_AUTHORIZATION=header)
    assert answer(client)[0] == 401
    assert client.get(ME)["WWW-Authenticate"]
    assert client.post(f"{AUTH}token/", {"email": shop.owner.user.email, "password": PASSWORD}).status_code == 200


@pytest.mark.django_db
def test_a_token_that_is_forged_incomplete_or_of_the_other_kind_is_401(shop):
    refused = [
        forged(shop, key="k" * 50),
        forged(shop, kind="refresh"),
        forged(shop, user_id=str(uuid7())),
        forged(shop, user_id="nonsense"),
        forged(shop, account_id="nonsense"),
        forged(shop, user_id=str(shop.cashier.user_id)),
        forged(shop, session_id=str(uuid7())),
        forged(shop, session_id="nonsense"),
        forged(shop, without=["user_id"]),
        forged(shop, without=["session_id"]),
        forged(shop, without=["exp"]),
        jwt.encode({"user_id": str(shop.owner.user_id), "token_type": "access"}, None, algorithm="none"),
    ]
    for token in refused:
        assert answer(client_with(token)) == (401, "credential_invalid")
    assert answer(client_with(forged(shop)))[0] == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("later", "access", "renewed"),
    [
        (timedelta(minutes=14), 200, 200),
        (timedelta(minutes=16), 401, 200),
        (timedelta(days=13), 401, 200),
        (timedelta(days=15), 401, 401),
    ],
)
def test_an_access_token_lasts_a_quarter_of_an_hour_and_a_refresh_token_a_fortnight(shop, later, access, renewed):
    issued = sign_in(shop.owner)
    with time_machine.travel(timezone.now() + later, tick=False):
        assert answer(client_with(issued["access"]))[0] == access
        assert refresh(issued["refresh"])[0] == renewed


@pytest.mark.django_db
def test_who_comes_back_within_a_fortnight_stays_signed_in_for_ninety_days_and_no_longer(shop):
    token, start = sign_in(shop.owner)["refresh"], timezone.now()
    for days in range(13, 90, 13):
        with time_machine.travel(start + timedelta(days=days), tick=False):
            renewed = client_with().post(f"{AUTH}token/refresh/", {"refresh": token})
            assert renewed.status_code == 200, days
            token = renewed.json()["data"]["refresh"]
    with time_machine.travel(start + timedelta(days=91), tick=False):
        assert refresh(token) == (401, "credential_invalid")


@pytest.mark.django_db
def test_new_tokens_work_and_an_access_token_is_not_one_to_renew_by(shop):
    issued = shop.tokens()
    renewed = client_with().post(f"{AUTH}token/refresh/", {"refresh": issued["refresh"]}).json()["data"]
    assert set(renewed) == {"access", "refresh"}
    assert answer(client_with(renewed["access"]))[0] == 200
    for token in (renewed["access"], "x", renewed["refresh"][:-2]):
        assert refresh(token) == (401, "credential_invalid")


# --- Losing access ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_s10_a_deactivated_user_loses_access_on_the_next_request(shop):
    """S10."""
    with access_lost(shop, shop.cashier), shop.inside():
        User.across_accounts.filter(pk=shop.cashier.user_id).update(is_active=False)


@pytest.mark.django_db
def test_s12_a_new_password_ends_old_sessions_and_tokens(shop):
    """S12."""
    with access_lost(shop, shop.cashier), shop.inside():
        user = User.across_accounts.get(pk=shop.cashier.user_id)
        user.set_password("another-horse-battery")
        user.save(update_fields=["password"])
    user_now = client_with().post(
        f"{AUTH}token/", {"email": shop.cashier.user.email, "password": "another-horse-battery"}
    )
    assert answer(client_with(user_now.json()["data"]["access"]))[0] == 200


def test_s11_a_deleted_users_session_and_tokens_are_401_and_not_500(committed):
    """S11."""
    shop = open_shop("Ama Provisions")
    with access_lost(shop, shop.cashier), connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM sessions WHERE user_id = %s", [shop.cashier.user_id])
        cursor.execute(
            "UPDATE business_memberships SET user_id = NULL, is_active = false WHERE user_id = %s",
            [shop.cashier.user_id],
        )
        cursor.execute("DELETE FROM users WHERE id = %s", [shop.cashier.user_id])


@pytest.mark.django_db
def test_s10_who_has_lost_the_seat_has_no_business_on_the_next_request_and_the_right_back_with_it(shop):
    """S10."""
    session, token = signed_in(shop.cashier), shop.client(shop.cashier)
    for is_active, wanted in ((False, (403, "no_business")), (True, (200, str(shop.id)))):
        with shop.inside():
            shop.account.memberships.filter(pk=shop.cashier.pk).update(is_active=is_active)
        assert answer(session) == answer(token) == wanted


@pytest.mark.django_db
def test_a_role_that_was_taken_away_is_gone_on_the_next_request(shop):
    client = shop.client()
    body = {"name": "Shelf"}
    assert client.post("/api/v1/inventory/categories/", body).status_code == 201
    with shop.inside():
        shop.account.memberships.filter(pk=shop.owner.pk).update(role="STAFF")
    response = client.post("/api/v1/inventory/categories/", {"name": "Another"})
    assert (response.status_code, response.json()["code"]) == (403, "capability_missing")


# --- One request ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_request_keeps_its_id_in_header_body_and_audit_and_nonsense_gets_a_new_one(shop):
    client = shop.client()
    kept = client.get(ME, HTTP_X_REQUEST_ID="till-000009")
    assert kept["X-Request-ID"] == kept.json()["request_id"] == "till-000009"
    for nonsense in ("x", "a" * 65, "till 0001 0001", "tïll-00001"):
        fresh = client.get(ME, HTTP_X_REQUEST_ID=nonsense)
        assert fresh["X-Request-ID"] == fresh.json()["request_id"] != nonsense
        assert len(fresh["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_what_a_refused_request_had_written_is_undone(shop):
    client = shop.client()
    key = {"HTTP_IDEMPOTENCY_KEY": "one-key-for-both"}
    refused = client.post("/api/v1/inventory/products/", {"sku": "SKU-0", "name": "x", "retail_price": "1"}, **key)
    assert (refused.status_code, refused.json()["code"]) == (409, "sku_taken")
    with shop.inside():
        assert not shop.account.idempotency_keys.exists()
        assert shop.account.products.count() == len(shop.products)
    accepted = client.post("/api/v1/inventory/products/", {"sku": "SKU-9", "name": "x", "retail_price": "1"}, **key)
    assert accepted.status_code == 201
