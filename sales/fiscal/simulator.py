"""An authority as many are: JSON over HTTP, a key that makes a repeated document harmless, a verdict now or later."""

from dataclasses import asdict

import requests
from django.conf import settings

from sales.fiscal import AuthorityAway, Invoice, Verdict

TIMEOUT = 5  # seconds


class Simulator:
    def certify(self, invoice: Invoice) -> Verdict:
        url = f"{settings.FISCAL_URL}/documents"
        try:
            answer = requests.post(url, json=asdict(invoice), headers={"Idempotency-Key": invoice.id}, timeout=TIMEOUT)
            answer.raise_for_status()
            return Verdict.read(answer.json())
        except requests.RequestException as error:  # which a body that is no JSON is, too
            raise AuthorityAway(type(error).__name__) from error
