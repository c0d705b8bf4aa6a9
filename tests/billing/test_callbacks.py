"""The whole way of a notice: from the provider's server over the wire to ours, and to the worker."""

import pytest
import requests
from uuid_utils.compat import uuid7

from billing.models import CreditPack
from core.tenancy import STAFF
from tests.billing.payments import (
    GATEWAYS,
    PAGES,
    WEBHOOKS,
    events,
    forget_jobs,
    jobs,
    prompted,
    run_jobs,
    state_of,
    taken,
)
from tests.conftest import empty, open_shop
from tests.server import gunicorn


def test_a_gateway_calls_back_over_the_wire(committed, fake, settings):
    """The real server, the real callback, by PUT from one and signed from the other."""
    shop = open_shop("Ama Provisions")
    with gunicorn(workers=1, FAKE_GATEWAYS=fake.url) as url:
        settings.PUBLIC_URL = url
        fake.ledger.webhooks = f"{url}{WEBHOOKS}"
        attempts = [prompted(shop, gateway) for gateway in GATEWAYS]
        forget_jobs()
        for attempt in attempts:
            told = {"reference": attempt.reference, "status": "SUCCESSFUL", "notify": 2}
            heard = requests.post(f"{fake.url}/_control/decide", json=told, timeout=20)
            assert heard.json() == [200, 200]
        forged = {"reference": attempts[1].reference, "status": "FAILED", "bad_signature": True}
        assert requests.post(f"{fake.url}/_control/notify", json=forged, timeout=20).json() == [400]
    assert len(events(shop)) == len(jobs()) == 2
    run_jobs()
    assert [state_of(shop, attempt) for attempt in attempts] == ["PAID", "PAID"]
    assert taken(shop) == ["PAID", "PAID"]


@pytest.fixture
def pack(committed):
    pack = CreditPack.objects.using(STAFF).create(
        code="hundred", name="Some", credits=100, price="20.00", currency="GHS"
    )
    yield pack
    empty()  # whoever has bought it
    CreditPack.objects.using(STAFF).filter(pk=pack.pk).delete()


@pytest.mark.parametrize("gateway", PAGES)
def test_s20_credits_arrive_though_the_first_payment_failed_and_the_browser_never_returns(pack, fake, gateway):
    """S20."""
    shop = open_shop("Ama Provisions")
    bearer = {"Authorization": shop.bearer()}
    with gunicorn(workers=1, FAKE_GATEWAYS=fake.url, DEBUG="true") as url:
        fake.ledger.webhooks = f"{url}{WEBHOOKS}"
        api = f"{url}/api/v1/billing/credits/"

        def read(path):
            return requests.get(f"{api}{path}", headers=bearer, timeout=20).json()["data"]

        for decision in ("decline", "pay"):
            order = {"id": str(uuid7()), "pack": pack.code, "gateway": gateway}
            answer = requests.post(f"{api}purchases/", json=order, headers=bearer, timeout=20)
            assert (answer.status_code, answer.json()["data"]["page_url"]) == (201, "")
            run_jobs()
            page = read(f"purchases/{order['id']}/")["page_url"]
            led = requests.post(page, {"decision": decision}, timeout=20, allow_redirects=False)
            assert led.status_code == 303  # and there the browser ends
            run_jobs()
            assert read("balance/")["balance"] == (100 if decision == "pay" else 0)
        told = {"reference": fake.ledger.charges[list(fake.ledger.charges)[-1]].reference, "times": 5}
        assert requests.post(f"{fake.url}/_control/notify", json=told, timeout=20).json() == [200] * 5
        run_jobs()
        assert read("balance/")["balance"] == 100
