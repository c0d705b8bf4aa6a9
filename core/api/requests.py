"""A request as views see it, once the middleware has found who is asking."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from core.errors import BodyTooLarge

_PREFIX = 64  # bits of an IPv6 address that one customer of a provider has


class AccountRequest(Request):
    """DRF's request with what stands on Django's beneath it: `account` and `membership` of whoever asks."""

    account: Any
    membership: Any
    request_id: str


def refuse_large_body(request: HttpRequest) -> None:
    """Raises BodyTooLarge; a form may bring a file along."""
    limit = settings.MAX_UPLOAD if request.content_type == "multipart/form-data" else settings.MAX_BODY
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > limit:
        raise BodyTooLarge(limit=limit)


def address_of(request: Any) -> str:
    """Where the request came from, so far as our own `TRUSTED_PROXIES` can tell; of IPv6 the network."""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXIES
    text = hops[-trusted] if 0 < trusted <= len(hops) else request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(_without_port(text))
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((address, _PREFIX), strict=False))
    return str(address)


def _without_port(hop: str) -> str:
    """Some proxies write `1.2.3.4:5678`, and `[2001:db8::1]:5678`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
