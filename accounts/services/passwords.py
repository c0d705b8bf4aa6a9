"""Passwords and PINs: what is accepted as one, and what is kept of it."""

import re
from itertools import pairwise

from django.contrib.auth import password_validation
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError

from accounts.errors import WeakPassword, WeakPin, WrongCredentials
from accounts.models import User
from core import limits
from core.errors import FieldError

_PIN = re.compile(r"[0-9]{4,8}", re.ASCII)


def set_password(user: User, password: str) -> None:
    """Set it, without saving. Raises WeakPassword."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        reasons = [FieldError("password", str(e.code), str(e.messages[0])) for e in error.error_list]
        raise WeakPassword(errors=reasons) from error
    user.set_password(password)


def hash_pin(pin: str) -> str:
    """Raises WeakPin unless these are four to eight digits that are not one digit or a run."""
    digits = [int(digit) for digit in pin] if _PIN.fullmatch(pin) else []
    steps = {after - before for before, after in pairwise(digits)}
    if not digits or (len(steps) == 1 and steps <= {-1, 0, 1}):
        raise WeakPin
    return make_password(pin)


def confirm(user: User, password: str) -> None:
    """Have a person who is signed in give the password again: a session may be stolen.

    Raises WrongCredentials, TooManyTries.
    """
    limits.hit("login", user.pk, "confirm")
    if not matches(password, user.password):
        raise WrongCredentials
    limits.forget("login", user.pk, "confirm")


def matches(secret: str, stored: str | None) -> bool:
    """Whether it is the one; where there is none to compare with, after the same work."""
    if not stored:
        make_password(secret)
        return False
    return check_password(secret, stored)
