"""A request as views see it, once the middleware has found who is asking."""

from typing import Any

from rest_framework.request import Request


class AccountRequest(Request):
    """DRF's request with what stands on Django's beneath it: `account` and `membership` of whoever asks."""

    account: Any
    membership: Any
    request_id: str
