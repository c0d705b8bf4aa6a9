"""The whole way of a notice: from the provider's server over the wire to ours, and to the worker."""

import requests

from tests.billing.payments import GATEWAYS, WEBHOOKS, events, forget_jobs, jobs, prompted, run_jobs, state_of, taken
from tests.conftest import open_shop
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
