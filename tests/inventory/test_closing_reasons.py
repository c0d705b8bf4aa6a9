"""Why a document was ended, given up, rejected or undone: said with the step, kept beside why it was opened."""

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from tests.answers import refused
from tests.bodies import BODIES, Cast, pk_for
from tests.inventory.catalogue import unchanged
from tests.places import add_member
from tests.routes import by_name

pytestmark = pytest.mark.django_db

ENDS = {
    "POST inventory/purchase-orders/{pk}/close/": ("purchaseorder.closed", "ORDERED", "CLOSED"),
    "POST inventory/purchase-orders/{pk}/cancel/": ("purchaseorder.cancelled", "ORDERED", "CANCELLED"),
    "POST inventory/transfers/{pk}/cancel/": ("transfer.cancelled", "REQUESTED", "CANCELLED"),
    "POST inventory/stock-counts/{pk}/cancel/": ("stockcount.cancelled", "OPEN", "CANCELLED"),
    "POST inventory/stock-counts/{pk}/reverse/": ("stockcount.reversed", "APPROVED", "REVERSED"),
    "POST inventory/adjustments/{pk}/reject/": ("adjustment.rejected", "PENDING", "REJECTED"),
}
WHY = "Ɛnyɛ – 年末 🧺"

each_end = pytest.mark.parametrize("name", ENDS)


class Paper:
    """A document from which the step leads on, and the step."""

    def __init__(self, shop, name):
        self.shop, self.cast, self.route = shop, Cast(shop), by_name()[name]
        self.list = f"/api/v1/{self.route.collection}"
        self.pk = pk_for(self.cast, self.route)

    def end(self, body=None, *, member=None, key=None):
        client = self.shop.client(member)
        return client.post(self.route.url(self.pk), body, HTTP_IDEMPOTENCY_KEY=key or str(uuid7()))

    def ended(self, body=None, **facts):
        response = self.end(body, **facts)
        assert response.status_code == 200, response.content
        return response.json()["data"]

    def shown(self):
        return self.shop.client().get(f"{self.list}{self.pk}/").json()["data"]

    def refused(self, call, status, code):
        return unchanged(self.shop, self.list, call, status, code)

    def history(self):
        with self.shop.inside():
            events = self.shop.account.audit_events.filter(subject_id=self.pk).order_by("id")
            return list(events.values_list("action", "before", "after", "by"))


@pytest.fixture
def paper(shop, name):
    return Paper(shop, name)


def test_every_step_that_ends_a_document_takes_a_reason():
    ends = ("/close/", "/cancel/", "/reject/", "/reverse/")
    told = {name for name in BODIES if name.startswith("POST inventory/") and name.endswith(ends)}
    assert told == set(ENDS)


@each_end
def test_why_it_ended_is_shown_beside_why_it_was_opened_and_stands_in_the_history(paper, name):
    action, before, after = ENDS[name]
    opened = paper.shown()
    assert (opened["status"], opened["closing_reason"]) == (before, "")
    ended = paper.ended({"reason": WHY})
    assert (ended["status"], ended["reason"], ended["closing_reason"]) == (after, opened["reason"], WHY)
    assert ended["version"] == opened["version"] + 1
    assert paper.shown() == ended
    (listed,) = [row for row in paper.cast.rows(f"{paper.route.collection}?page_size=200") if row["id"] == paper.pk]
    assert listed["closing_reason"] == WHY
    said = {"status": after, "reason": WHY}
    assert paper.history()[-1] == (action, {"status": before}, said, paper.shop.owner.pk)


@each_end
@pytest.mark.parametrize("body", [None, {}, {"reason": ""}])
def test_nobody_has_to_say_why(paper, name, body):
    assert paper.ended(body)["closing_reason"] == ""
    assert paper.history()[-1][2] == {"status": ENDS[name][2]}


@each_end
@pytest.mark.parametrize("why", ["x" * 201, None, 7, ["x"]])
def test_what_is_no_reason_is_400_and_nothing_is_ended(paper, name, why):
    paper.refused(lambda: paper.end({"reason": why}), 400, "invalid_input")
    assert paper.shown()["status"] == ENDS[name][1]


@each_end
def test_a_second_end_is_refused_and_a_retry_is_told_the_first_answer(paper, name):
    ended = paper.ended({"reason": WHY}, key="k")
    assert paper.ended({"reason": WHY}, key="k") == ended
    paper.refused(lambda: paper.end({"reason": "Another"}, key="k"), 422, "idempotency_key_reused")
    if name.endswith("/reject/"):  # what is rejected already stays
        assert paper.ended({"reason": "Another"}) == ended
    else:
        told = paper.refused(lambda: paper.end({"reason": "Another"}), 409, told_of(name))
        assert told["meta"] == {"status": ENDS[name][2]}
    assert len([event for event in paper.history() if event[0] == ENDS[name][0]]) == 1


def told_of(name):
    noun = name.split("/")[1]
    return {"purchase-orders": "order_state", "transfers": "transfer_state", "stock-counts": "count_state"}[noun]


@each_end
def test_who_may_not_end_it_cannot_say_why_either(paper, stranger, name):
    looker = add_member(paper.shop, Role.STAFF)
    paper.refused(lambda: paper.end({"reason": WHY}, member=looker), 403, "capability_missing")
    client = stranger.client()
    url = paper.route.url(paper.pk)
    refused(stranger, lambda: client.post(url, {"reason": WHY}, HTTP_IDEMPOTENCY_KEY="k"), 404, "not_found")
    assert paper.shown()["closing_reason"] == ""
