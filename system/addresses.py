"""Where a page and the API are, as a browser sees it."""

from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
# Below these a name is somebody's own, as in `till.com.gh`: the part of the public suffix list that matters here.
SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "ne", "net", "or", "org"})


def read_origin(address: str) -> str | None:
    """The origin of a page at this address as a browser would say it; None for what is no address of a page."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != DEFAULT_PORTS[parts.scheme] else "")


def host_of(origin: str) -> str:
    return urlsplit(origin).hostname or ""


def is_same_site(one: str, other: str) -> bool:
    """Whether a browser sends `SameSite=Lax` cookies from a page of one origin to the other."""
    return _site(one) == _site(other)


def is_loopback(origin: str) -> bool:
    """Whether the address is this machine's, which browsers trust as they trust https."""
    host = host_of(origin)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_plain(origin: str) -> bool:
    """Whether it is spoken to over a network without TLS."""
    return origin.startswith("http:") and not is_loopback(origin)


def _site(origin: str) -> tuple[str, str]:
    host = host_of(origin)
    labels = host.split(".")
    if ":" in host or labels[-1].isdecimal():
        return urlsplit(origin).scheme, host
    is_country = len(labels[-1]) == 2 and len(labels) > 2 and labels[-2] in SECOND_LEVEL
    return urlsplit(origin).scheme, ".".join(labels[-3 if is_country else -2 :])
