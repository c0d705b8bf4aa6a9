"""Photos and papers: they prove a document, whoever sees it sees them, and once it counts they stay."""

import pytest
from django.core.files.base import ContentFile
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory.services import attachments
from system import services as system
from tests.answers import paths_of, refused
from tests.inventory.adjusting import adjusted
from tests.inventory.attaching import API, KINDS, attach, attached, listed, opened, pending, take_off
from tests.places import add_member, add_place, approved_by, give_pin, limit
from tests.test_query_counts import statements
from tests.uploads import JPEG, PDF, PNG, WEBP, kept

pytestmark = pytest.mark.django_db


def history(shop, action):
    with shop.inside():
        events = shop.account.audit_events.filter(action=action).order_by("id")
        return list(events.values_list("by", "subject_id", "before", "after"))


def told(response):
    return response.status_code, response.json().get("code")


def saved(response):
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


# --- Attaching --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_attached_listed_in_the_document_and_given_back_as_it_came(shop, kind):
    document = opened(shop, kind)
    content = PNG + b"<html><script>alert(1)</script>"
    file = kept(shop, content, "Foto № 1.html")
    made = attached(shop, document, file["id"])
    facts = {"name": "Foto № 1.html", "content_type": "image/png", "size": len(content)}
    assert {name: made[name] for name in facts} == facts
    assert made["attached_by"] == str(shop.owner.pk)
    assert listed(shop, document) == [made]
    response = shop.client().get(f"{document}attachments/{made['id']}/")
    assert saved(response) == content
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox"
    assert response["Cache-Control"] == "private, no-store"
    [(by, subject, _, after)] = history(shop, "attachment.added")
    assert (by, str(subject), after["file"]) == (shop.owner.pk, made["id"], file["id"])
    assert document.split("/")[-2] in after.values()


@pytest.mark.parametrize("content", [JPEG, PNG, WEBP, PDF], ids=["jpeg", "png", "webp", "pdf"])
def test_pictures_and_pdf_prove_something(shop, content):
    document = pending(shop)
    attached(shop, document, kept(shop, content)["id"])
    assert len(listed(shop, document)) == 1


def test_a_table_proves_nothing_whatever_it_is_called(shop):
    document, table = pending(shop), kept(shop, b"sku,name\n", "photo.jpg")["id"]
    body = refused(shop, lambda: attach(shop, document, table), 400, "file_refused")
    assert "image/jpeg" in body["detail"]


def test_five_megabytes_are_attached_and_one_byte_more_is_not(shop):
    document, most = pending(shop), attachments.MOST_BYTES
    assert most == 5 * 1024 * 1024
    files = [kept(shop, PDF + bytes(most - len(PDF) + more))["id"] for more in (0, 1)]
    attached(shop, document, files[0])
    refused(shop, lambda: attach(shop, document, files[1]), 400, "file_too_large")
    assert [row["size"] for row in listed(shop, document)] == [most]


def test_ten_are_attached_in_their_order_and_the_eleventh_is_not(shop):
    document = pending(shop)
    made = [attached(shop, document, kept(shop, name=f"{number}.pdf")["id"]) for number in range(10)]
    eleventh = kept(shop)["id"]
    refused(shop, lambda: attach(shop, document, eleventh), 409, "too_many_attachments")
    assert listed(shop, document) == made
    assert take_off(shop, document, made[3]["id"]).status_code == 204
    attached(shop, document, eleventh)
    assert [row["name"] for row in listed(shop, document)][2:4] == ["2.pdf", "4.pdf"]


def test_a_file_is_attached_once_be_it_to_the_same_document_or_another(shop):
    file = kept(shop)["id"]
    documents = [opened(shop, kind) for kind in KINDS]
    attached(shop, documents[0], file)
    for document in documents:
        refused(shop, lambda document=document: attach(shop, document, file), 409, "file_attached")


def test_the_same_key_attaches_once_and_without_a_key_nothing_is_attached(shop):
    document, files = pending(shop), [kept(shop)["id"] for _ in range(2)]
    first, again = (attach(shop, document, files[0], key="k") for _ in range(2))
    assert again.json()["data"] == first.json()["data"] == listed(shop, document)[0]
    assert again["Idempotency-Replayed"] == "true"
    assert told(attach(shop, document, files[1], key="k")) == (422, "idempotency_key_reused")
    url, body = f"{document}attachments/", {"file": files[1]}
    refused(shop, lambda: shop.client().post(url, body), 400, "idempotency_key_required")
    assert len(listed(shop, document)) == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ("file", "required")),
        ({"file": None}, ("file", "null")),
        ({"file": ""}, ("file", "invalid")),
        ({"file": 1}, ("file", "invalid")),
        ({"file": "../../etc/passwd"}, ("file", "invalid")),
        ({"file": str(uuid7()), "note": "x"}, ("note", "unknown_field")),
    ],
)
def test_a_body_that_is_not_right_is_400(shop, body, path):
    document, headers = pending(shop), {"HTTP_IDEMPOTENCY_KEY": "k"}
    call = lambda: shop.client().post(f"{document}attachments/", body, **headers)  # noqa: E731
    assert paths_of(refused(shop, call, 400, "invalid_input")) == [path]


# --- Whose file, whose document ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_colleagues_file_and_a_strangers_are_as_unknown_as_none(shop, stranger, kind):
    document, keeper = opened(shop, kind), add_member(shop, Role.MANAGER, name="Esi")
    answers = []
    for file in (kept(shop, by=keeper)["id"], kept(stranger)["id"], str(uuid7())):
        body = refused(shop, lambda file=file: attach(shop, document, file), 400, "invalid_input")
        body.pop("request_id")
        answers.append(body)
    assert answers[0] == answers[1] == answers[2]
    assert paths_of(answers[0]) == [("file", "does_not_exist")]


def every_way(shop, document, attachment, *, by=None):
    """What somebody is told who tries all that can be done with a document's attachments."""
    client = shop.client(by)
    file = kept(shop, by=by)["id"]
    answers = [
        client.get(f"{document}attachments/"),
        client.get(f"{document}attachments/{attachment}/"),
        client.post(f"{document}attachments/", {"file": file}, HTTP_IDEMPOTENCY_KEY=str(uuid7())),
    ]
    if "/stock/" not in document and "/supplier-returns/" not in document:
        answers.append(client.delete(f"{document}attachments/{attachment}/"))
    return [told(answer) for answer in answers]


@pytest.mark.parametrize("kind", KINDS)
def test_a_strangers_document_has_no_attachments_for_anybody_else(shop, stranger, kind):
    document = opened(stranger, kind)
    attachment = attached(stranger, document)["id"]
    assert set(every_way(shop, document, attachment)) == {(404, "not_found")}
    assert [row["id"] for row in listed(stranger, document)] == [attachment]


@pytest.mark.parametrize("kind", KINDS)
def test_an_attachment_is_found_at_its_own_document_only(shop, kind):
    document, client = opened(shop, kind), shop.client()
    others = [opened(shop, other) for other in KINDS]
    attachment = attached(shop, document)["id"]
    wrong = [f"{other}attachments/{attachment}/" for other in others]
    wrong += [f"{document}attachments/{nonsense}/" for nonsense in (uuid7(), "1", "None", "' OR 1=1 --", "%00")]
    for address in wrong:
        assert told(client.get(address)) == (404, "not_found"), address
        taken = (
            (404, "not_found") if "adjustments" in address or "transfers" in address else (405, "method_not_allowed")
        )
        assert told(client.delete(address)) == taken, address
    assert [row["id"] for row in listed(shop, document)] == [attachment]


@pytest.mark.parametrize("kind", KINDS)
def test_s08_who_works_elsewhere_sees_no_document_and_nothing_attached_to_it(shop, kind):
    """S08."""
    document = opened(shop, kind)
    attachment = attached(shop, document)["id"]
    elsewhere = add_member(shop, Role.MANAGER, add_place(shop).storefront)
    assert set(every_way(shop, document, attachment, by=elsewhere)) == {(404, "not_found")}
    limit(shop, elsewhere, shop.storefront)
    own = kept(shop, by=elsewhere)["id"]
    attached(shop, document, own, by=elsewhere)
    assert len(shop.client(elsewhere).get(f"{document}attachments/").json()["data"]) == 2


def test_who_works_where_a_transfer_arrives_attaches_what_proves_how_it_came(shop):
    there = add_place(shop)
    member = add_member(shop, Role.WAREHOUSE, there.storefront)
    wanted = [{"product": str(shop.products[0].pk), "quantity": "1"}]
    places = {"source": str(shop.storefront.pk), "destination": str(there.storefront.pk)}
    sent = shop.client().post(f"{API}transfers/", {**places, "lines": wanted}, HTTP_IDEMPOTENCY_KEY="k").json()["data"]
    document = f"{API}transfers/{sent['id']}/"
    assert shop.client().post(f"{document}dispatch/", {}, HTTP_IDEMPOTENCY_KEY="d").status_code == 200
    made = attached(shop, document, by=member)
    assert (listed(shop, document), made["attached_by"]) == ([made], str(member.pk))


# --- Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", [Role.CASHIER, Role.STAFF])
def test_who_may_only_look_looks_and_does_not_attach(shop, kind, role):
    document, looker, file = opened(shop, kind), add_member(shop, role), kept(shop)["id"]
    attachment = attached(shop, document)["id"]
    refused(shop, lambda: attach(shop, document, file, by=looker), 403, "capability_missing")
    if kind in ("adjustments", "transfers"):
        refused(shop, lambda: take_off(shop, document, attachment, by=looker), 403, "capability_missing")
    assert saved(shop.client(looker).get(f"{document}attachments/{attachment}/")) == PDF


def test_a_right_that_is_lent_is_good_where_the_lender_works(shop):
    document, cashier = pending(shop), add_member(shop, Role.CASHIER)
    with shop.inside():
        content = ContentFile(PDF, name="a.pdf")
        files = [system.keep_file(by=cashier, file=content).pk for _ in range(2)]
    lender = give_pin(shop, add_member(shop, Role.MANAGER, add_place(shop).storefront, name="Esi"))
    lent = approved_by(lender)
    call = lambda: attach(shop, document, files[0], by=cashier, **lent)  # noqa: E731
    assert told(call()) == (403, "capability_missing")
    assert listed(shop, document) == []
    limit(shop, lender, shop.storefront)
    assert call().status_code == 201


# --- Taking off -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["adjustments", "transfers"])
def test_what_is_not_booked_yet_lets_go_of_its_attachments(shop, kind):
    document, file = opened(shop, kind), kept(shop)["id"]
    made = attached(shop, document, file)
    assert take_off(shop, document, made["id"]).status_code == 204
    assert listed(shop, document) == []
    assert told(take_off(shop, document, made["id"])) == (404, "not_found")
    [(by, subject, before, _)] = history(shop, "attachment.removed")
    assert (by, str(subject), before["file"]) == (shop.owner.pk, made["id"], file)
    attached(shop, document, file)


@pytest.mark.parametrize("step", ["approve", "reject"])
def test_what_proves_a_decided_adjustment_stays_and_more_may_come(shop, step):
    document = pending(shop)
    made = attached(shop, document)
    assert shop.client().post(f"{document}{step}/", {}, HTTP_IDEMPOTENCY_KEY="k").json()["data"]["attachments"] == [
        made
    ]
    refused(shop, lambda: take_off(shop, document, made["id"]), 409, "attachment_kept")
    more = attached(shop, document)
    assert listed(shop, document) == [made, more]


def test_an_adjustment_that_was_applied_at_once_has_attachments_too(shop):
    document = f"{API}adjustments/{adjusted(shop, 'DAMAGE', '1')['id']}/"
    made = attached(shop, document)
    refused(shop, lambda: take_off(shop, document, made["id"]), 409, "attachment_kept")


@pytest.mark.parametrize("kind", ["stock", "supplier-returns"])
def test_what_is_booked_from_the_start_keeps_its_attachments(shop, kind):
    document = opened(shop, kind)
    made = attached(shop, document)
    refused(shop, lambda: take_off(shop, document, made["id"]), 405, "method_not_allowed")
    assert listed(shop, document) == [made]


def test_a_transfer_that_has_left_keeps_its_attachments(shop):
    document = opened(shop, "transfers")
    made = attached(shop, document)
    assert shop.client().post(f"{document}dispatch/", {}, HTTP_IDEMPOTENCY_KEY="k").status_code == 200
    refused(shop, lambda: take_off(shop, document, made["id"]), 409, "attachment_kept")


# --- Cost -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_with_ten_costs_what_one_with_none_costs(shop, kind):
    document, client = opened(shop, kind), shop.client()
    client.get(document)
    none = statements(lambda: client.get(document))
    for _ in range(10):
        attached(shop, document)
    ten = statements(lambda: client.get(document))
    assert len(client.get(document).json()["data"]["attachments"]) == 10
    assert len(ten) == len(none), "\n\n".join(ten)
