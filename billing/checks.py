"""System checks: settings with which money would be taken for paid that nobody has paid."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def check_fakes(**_: Any) -> list[CheckMessage]:
    """Whoever reaches the fake providers decides what is paid."""
    if not settings.FAKE_GATEWAYS:
        return []
    return [Error("FAKE_GATEWAYS is set: payments are decided by the fake providers.", id="billing.E001")]
