"""Who takes which step of a transfer, and that each is taken once or not at all."""

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services
from inventory.models import LocationKind
from tests.accounts.test_moving import breaking_before
from tests.answers import paths_of, refused
from tests.conftest import Shop
from tests.inventory.shipping import (
    TRANSFERS,
    adds_up,
    arrival,
    draft,
    request,
    sent,
    shown,
    step,
    wanted,
)
from tests.places import add_member, add_place
from tests.traces import state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(shop) -> Shop:
    """The shop's second storefront, with 50 of each of its three products; at the first there are 100."""
    return add_place(shop)


# --- Who takes which step ---------------------------------------------------------------------------------------------


@pytest.fixture
def keepers(shop, there):
    """Who works at the first place only, who at the second, and who at neither."""
    with shop.inside():
        third = services.add_location(by=shop.owner, kind=LocationKind.WAREHOUSE, name="Third")
    places = {"Here": shop.storefront, "There": there.storefront, "Third": third}
    return [add_member(shop, Role.WAREHOUSE, place, name=name) for name, place in places.items()]


def test_each_step_is_taken_at_its_end_and_seen_at_both(shop, there, keepers):
    here, other, third = keepers
    body = wanted(shop, there)
    told_of = refused(shop, lambda: shop.client(other).post(TRANSFERS, body), 400, "invalid_input")
    assert paths_of(told_of) == [("source", "does_not_exist")]
    told_of = refused(
        shop, lambda: shop.client(here).post(TRANSFERS, {**body, "is_request": True}), 400, "invalid_input"
    )
    assert paths_of(told_of) == [("destination", "does_not_exist")]
    transfer = shown(shop.client(other).post(TRANSFERS, {**body, "is_request": True}), 201)
    url = f"{TRANSFERS}{transfer['id']}/"
    refused(shop, lambda: shop.client(here).patch(url, {"reason": "No"}), 403, "works_elsewhere")
    shown(shop.client(other).patch(url, {"reason": "Please"}))
    for name, taker, onlooker in (("accept", here, other), ("dispatch", here, other), ("receive", other, here)):
        sending = arrival(shown(shop.client().get(url)), accepted="1") if name == "receive" else None
        for wrong, status, code in ((onlooker, 403, "works_elsewhere"), (third, 404, "not_found")):
            refused(
                shop,
                lambda wrong=wrong, name=name, sending=sending: step(shop, transfer, name, sending, by=wrong),
                status,
                code,
            )
        shown(step(shop, transfer, name, sending, by=taker))
    refused(shop, lambda: step(shop, transfer, "cancel", by=other), 403, "works_elsewhere")
    for member in (here, other):
        shown(shop.client(member).get(url))
        assert [row["id"] for row in shop.client(member).get(TRANSFERS).json()["results"]] == [transfer["id"]]
    assert shop.client(third).get(TRANSFERS).json()["results"] == []
    shown(step(shop, transfer, "cancel", by=here))
    assert adds_up(shop)


def test_a_draft_is_the_sources_and_a_request_is_given_up_at_either_end(shop, there, keepers):
    here, other, _ = keepers
    transfer = shown(shop.client(here).post(TRANSFERS, wanted(shop, there)), 201)
    refused(shop, lambda: step(shop, transfer, "cancel", by=other), 403, "works_elsewhere")
    url = f"{TRANSFERS}{transfer['id']}/"
    refused(shop, lambda: shop.client(other).patch(url, {"reason": "No"}), 403, "works_elsewhere")
    shown(step(shop, transfer, "cancel", by=here))
    for member in (here, other):
        shown(step(shop, request(shop, there), "cancel", by=member))


def test_what_the_other_end_was_told_is_replayed_to_whoever_sees_it_only(shop, there, keepers):
    here, other, third = keepers
    transfer, key = shown(shop.client(here).post(TRANSFERS, wanted(shop, there)), 201), str(uuid7())
    first = step(shop, transfer, "dispatch", by=here, key=key)
    again = step(shop, transfer, "dispatch", by=other, key=key)
    assert (again["Idempotency-Replayed"], again.content) == ("true", first.content)
    refused(shop, lambda: step(shop, transfer, "dispatch", by=third, key=key), 404, "not_found")


# --- Once -------------------------------------------------------------------------------------------------------------


def test_a_retry_with_the_same_key_gets_the_same_answer_and_nothing_happens_twice(shop, there):
    body = wanted(shop, there)
    first = shop.client().post(TRANSFERS, body)
    transfer = shown(first, 201)
    answers = [(first, lambda: shop.client().post(TRANSFERS, body))]
    for name, sending in (
        ("dispatch", None),
        ("receive", arrival(transfer, accepted="4")),
        ("cancel", None),
    ):
        key = str(uuid7())
        taken = step(shop, transfer, name, sending, key=key)
        shown(taken)
        answers.append(
            (taken, lambda name=name, sending=sending, key=key: step(shop, transfer, name, sending, key=key))
        )
    before = state_of(shop)
    for answer, again in answers:
        replayed = again()
        assert replayed["Idempotency-Replayed"] == "true"
        assert (replayed.status_code, replayed.content) == (answer.status_code, answer.content)
    assert state_of(shop) == before
    assert adds_up(shop)


def test_a_step_without_a_key_or_with_the_key_of_another_body_is_refused(shop, there):
    transfer = sent(shop, there)
    url = f"{TRANSFERS}{transfer['id']}/receive/"
    body = arrival(transfer, accepted="1")
    refused(shop, lambda: shop.client().post(url, body), 400, "idempotency_key_required")
    key = str(uuid7())
    shown(step(shop, transfer, "receive", body, key=key))
    other = arrival(transfer, accepted="2")
    refused(shop, lambda: step(shop, transfer, "receive", other, key=key), 422, "idempotency_key_reused")


WRITES = [
    ("dispatch", "\nWITH wanted"),
    ("dispatch", 'INSERT INTO "stock_products"'),
    ("dispatch", 'INSERT INTO "transfer_picks"'),
    ("dispatch", 'UPDATE "transfers"'),
    ("dispatch", 'INSERT INTO "audit_events"'),
    ("dispatch", "UPDATE idempotency_keys"),
    ("receive", 'INSERT INTO "stock_products"'),
    ("receive", "\nWITH wanted"),
    ("receive", 'UPDATE "transfer_picks"'),
    ("receive", 'UPDATE "transfers"'),
    ("receive", "UPDATE idempotency_keys"),
    ("cancel", "\nWITH wanted"),
    ("cancel", 'UPDATE "transfer_picks"'),
    ("cancel", 'UPDATE "transfers"'),
]


@pytest.mark.parametrize(("name", "statement"), WRITES)
def test_s23_a_step_that_breaks_off_before_its_end_has_not_begun(shop, there, name, statement):
    """S23."""
    transfer = draft(shop, there) if name == "dispatch" else sent(shop, there)
    body = arrival(transfer, accepted="3", missing="1") if name == "receive" else None
    before, key = state_of(shop), str(uuid7())
    with breaking_before(statement):
        assert step(shop, transfer, name, body, key=key).status_code == 503
    assert state_of(shop) == before
    assert adds_up(shop)
    taken = step(shop, transfer, name, body, key=key)
    shown(taken)
    assert "Idempotency-Replayed" not in taken
    assert adds_up(shop)
