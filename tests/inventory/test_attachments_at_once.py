"""Attachments that several send at the same instant: never more than ten, and no file twice."""

import threading
from uuid import UUID

import pytest
from django.core.files.base import ContentFile

from inventory import services as inventory
from inventory.errors import AttachmentKept, TooManyAttachments
from inventory.models import Adjustment
from system import services as system
from tests.conftest import open_shop
from tests.inventory.attaching import attach, attached, listed, opened, pending
from tests.races import at_once, count_of, meeting_before, without
from tests.uploads import PDF, kept

MANY = 4


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions", prices=("10.00",))


def id_of(document):
    return UUID(document.split("/")[-2])


def nearly_full(shop):
    """A document with nine, and files for more."""
    document = pending(shop)
    for _ in range(9):
        attached(shop, document)
    with shop.inside():
        return document, [system.keep_file(by=shop.owner, file=ContentFile(PDF, name="a")).pk for _ in range(MANY)]


def attaching(shop, document, file, *, is_locked=True, barrier=None):
    """Attach in a transaction of its own, as the API does, or without its lock."""

    def call():
        with shop.inside():
            rows = shop.account.adjustments
            row = (rows.locked() if is_locked else rows).get(pk=id_of(document))
            if barrier is None:
                return inventory.attach_file(by=shop.owner, document=row, file=file)
            with meeting_before('INSERT INTO "attachments"', barrier):
                return inventory.attach_file(by=shop.owner, document=row, file=file)

    return call


def test_of_four_that_are_to_be_the_tenth_one_is(shop):
    document, files = nearly_full(shop)
    outcomes = at_once([attaching(shop, document, file) for file in files])
    assert count_of(outcomes, TooManyAttachments) == MANY - 1
    assert len(listed(shop, document)) == 10


def test_without_the_lock_on_the_document_all_four_would_be(shop):
    """The control."""
    document, files = nearly_full(shop)
    barrier = threading.Barrier(MANY)
    at_once([attaching(shop, document, file, is_locked=False, barrier=barrier) for file in files])
    assert len(listed(shop, document)) == 9 + MANY


def test_one_file_for_four_documents_at_once_is_attached_to_one(shop):
    documents, file = [opened(shop, "stock") for _ in range(MANY)], kept(shop)["id"]
    shop.tokens()
    answers = at_once([lambda each=each: attach(shop, each, file) for each in documents])
    codes = [(answer.status_code, answer.json().get("code")) for answer in answers]
    assert (count_of(codes, (201, None)), count_of(codes, (409, "file_attached"))) == (1, MANY - 1)
    assert sum(len(listed(shop, document)) for document in documents) == 1


def test_without_its_rule_the_file_would_be_attached_to_all(shop):
    """The control."""
    with without("one_attachment_per_file"):
        documents, file = [opened(shop, "stock") for _ in range(MANY)], kept(shop)["id"]
        shop.tokens()
        answers = at_once([lambda each=each: attach(shop, each, file) for each in documents])
        assert [answer.status_code for answer in answers] == [201] * MANY


def test_one_key_four_times_at_once_attaches_once(shop):
    document, file = pending(shop), kept(shop)["id"]
    shop.tokens()
    answers = at_once([lambda: attach(shop, document, file, key="k")] * MANY)
    assert [answer.status_code for answer in answers] == [201] * MANY
    assert {answer.json()["data"]["id"] for answer in answers} == {row["id"] for row in listed(shop, document)}


def approving_and_removing(shop, *, is_locked):
    """Approve an adjustment, and take off what proves it, at the same instant."""
    document = pending(shop)
    attachment = attached(shop, document)["id"]
    barrier = threading.Barrier(2)

    def of(rows):
        return (rows.locked() if is_locked else rows).get(pk=id_of(document))

    def approve():
        with shop.inside():
            row = of(shop.account.adjustments)
            if not is_locked:
                barrier.wait(timeout=60)
            inventory.approve_adjustment(by=shop.owner, adjustment=row)

    def remove():
        with shop.inside():
            row = of(shop.account.adjustments)
            if not is_locked:
                barrier.wait(timeout=60)
            proof = shop.account.attachments.get(pk=attachment)
            inventory.remove_attachment(by=shop.owner, document=row, attachment=proof)

    outcomes = at_once([approve, remove])
    with shop.inside():
        status = Adjustment.across_accounts.get(pk=id_of(document)).status
        events = list(shop.account.audit_events.order_by("id").values_list("action", flat=True))
    return outcomes, status, listed(shop, document), events


def test_what_proves_an_adjustment_is_gone_before_it_is_approved_or_stays(shop):
    for _ in range(MANY):
        outcomes, status, left, _ = approving_and_removing(shop, is_locked=True)
        assert status == "APPLIED"
        assert [bool(left)] == [isinstance(outcomes[1], AttachmentKept)]


def test_without_the_lock_the_proof_would_go_after_all_had_been_decided_on_it(shop):
    """The control."""
    outcomes, status, left, _ = approving_and_removing(shop, is_locked=False)
    assert (outcomes, status, left) == ([None, None], "APPLIED", [])
