"""System checks: settings with which money would be taken for paid that nobody has paid, or keys be read by others."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - as Django calls it


@register(Tags.security)
def check_keys(**_: Any) -> list[CheckMessage]:
    """Without the secret that signs its notices a gateway's would be anybody's, so one with half its keys is none."""
    return [
        Warning(f"{name} lacks one of its keys, and is not used: set all, or none.", id="billing.W001")
        for name in settings.HALF_SET_GATEWAYS
    ]


@register(Tags.security, deploy=True)
def check_fakes(**_: Any) -> list[CheckMessage]:
    """Whoever reaches the fake providers decides what is paid."""
    if not settings.FAKE_GATEWAYS:
        return []
    return [Error("FAKE_GATEWAYS is set: payments are decided by the fake providers.", id="billing.E001")]


@register(Tags.security, deploy=True)
def check_addresses(**_: Any) -> list[CheckMessage]:
    """Keys go there, and what comes back says what is paid."""
    return [
        Warning(f"{name} is asked at {url}, which is no https address.", id="billing.W002")
        for name, url in settings.PROVIDER_URLS.items()
        if url and not url.startswith("https://")
    ]
