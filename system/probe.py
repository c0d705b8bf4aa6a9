"""What a browser would see of the API that runs: a preflight and a first request, sent as from the till's page."""

from collections.abc import Iterator
from typing import Any

import requests

from system import addresses

LOGIN = "/api/v1/accounts/auth/login/"
CSRF = "/api/v1/accounts/auth/csrf/"
HEADERS = "content-type,x-csrftoken"
TIMEOUT = 10  # seconds


def examine_api(*, origin: str, api: str) -> list[str]:
    """Why a till on `origin` cannot sign in at the API that answers at `api`."""
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": HEADERS}
    try:
        preflight = _send("OPTIONS", api + LOGIN, origin, asks)
        first = _send("GET", api + CSRF, origin, {})
    except requests.RequestException as problem:
        return [f"Nothing answers at {api} ({type(problem).__name__}): start the API, or give its address with --api."]
    if refusal := [*_judge_status(api, preflight)]:
        return refusal
    found = [*_judge_status(api, first)] or [*_judge_cookie(origin, api, first)]
    return [*_judge_preflight(origin, api, preflight), *found]


def _send(method: str, url: str, origin: str, headers: dict[str, str]) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # what stands between is the browser's way, not ours
        return session.request(
            method, url, headers={"Origin": origin, **headers}, timeout=TIMEOUT, allow_redirects=False
        )


def _judge_status(api: str, answer: requests.Response) -> Iterator[str]:
    if answer.is_redirect:
        yield (
            f"The API at {api} sends on to {answer.headers['Location']}, which no preflight follows: call it there, or"
            " set BEHIND_TLS_PROXY=true where a proxy ends TLS."
        )
    elif answer.status_code == requests.codes.bad_request:
        yield f"The API at {api} refuses the request: add {addresses.host_of(api)} to its ALLOWED_HOSTS."
    elif not answer.ok:
        yield f"The API at {api} answers {answer.status_code}: see its log, and /readyz."


def _judge_preflight(origin: str, api: str, answer: requests.Response) -> Iterator[str]:
    allowed: Any = answer.headers
    if allowed.get("Access-Control-Allow-Origin") != origin:
        yield f"The API that runs at {api} does not let {origin} in: set its TILL_ORIGINS, and start it again."
        return
    if allowed.get("Access-Control-Allow-Credentials") != "true":
        yield f"The API that runs at {api} lets no cookies through: set CORS_ALLOW_CREDENTIALS to True."
    headers = {name.strip().lower() for name in allowed.get("Access-Control-Allow-Headers", "").split(",")}
    missing = [name for name in HEADERS.split(",") if name not in headers]
    if missing:
        yield f"The API that runs at {api} does not allow the headers {', '.join(missing)}: add them."


def _judge_cookie(origin: str, api: str, answer: requests.Response) -> Iterator[str]:
    cookies = [cookie for cookie in answer.raw.headers.getlist("Set-Cookie") if cookie.startswith("csrftoken=")]
    if not cookies:
        yield f"The API that runs at {api} sets no cookie: is something in between that takes it away?"
        return
    attributes = {part.strip().lower() for part in cookies[0].split(";")[1:]}
    is_cross_site = not addresses.is_same_site(origin, api)
    if is_cross_site and not {"samesite=none", "secure", "partitioned"} <= attributes:
        yield (
            f"The cookies of the API that runs at {api} do not come along from {origin}, another site:"
            " set its CROSS_SITE_COOKIES=true, and start it again."
        )
    if "secure" in attributes and addresses.is_plain(api):
        yield f"The cookies of the API that runs at {api} are Secure, so browsers drop them: serve it by https."
