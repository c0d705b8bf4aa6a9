"""What people are written. The links lead to the till's pages, which bring the token to the API."""

from django.conf import settings

from core.mail import send_after_commit


def ask_to_verify(email: str, token: str) -> None:
    send_after_commit(
        to=email,
        subject="Confirm your e-mail address",
        body=f"Confirm within an hour that this address is yours:\n\n{_link('verify-email', token)}\n\n"
        "If you did not register, nothing needs to be done.\n",
    )


def tell_of_second_registration(email: str) -> None:
    send_after_commit(
        to=email,
        subject="You have an account already",
        body="Somebody, perhaps you, tried to register with this address. It has an account: sign in, or ask for a new "
        "password if you have forgotten it.\n",
    )


def offer_reset(email: str, token: str) -> None:
    send_after_commit(
        to=email,
        subject="A new password",
        body=f"Choose a new password here, within an hour:\n\n{_link('password-reset', token)}\n\n"
        "If you did not ask for it, nothing needs to be done.\n",
    )


def tell_of_new_password(email: str) -> None:
    send_after_commit(
        to=email,
        subject="Your password was changed",
        body="Your password was changed, and all your other sessions were ended. If it was not you, ask for a new "
        "password at once.\n",
    )


def tell_of_new_mfa(email: str) -> None:
    _tell_of_change(email, "A second factor was added to your login")


def tell_of_new_pin(email: str) -> None:
    _tell_of_change(email, "Your PIN for the till was changed")


def _tell_of_change(email: str, what: str) -> None:
    send_after_commit(
        to=email,
        subject=what,
        body=f"{what}. If it was not you, ask for a new password at once, and tell the owner of your business.\n",
    )


def tell_of_removed_mfa(email: str) -> None:
    send_after_commit(
        to=email,
        subject="Your second factor was removed",
        body="Our support removed the second factor of your login, and all your sessions were ended. Set a new one up "
        "when you have signed in. If you did not ask for it, tell us, and ask for a new password at once.\n",
    )


def invite(email: str, *, business: str, role: str, token: str) -> None:
    send_after_commit(
        to=email,
        subject="You are invited to a business on Makola",
        body=f"{business} offers you a seat as {role.lower()}. Accept within seven days:\n\n"
        f"{_link('invitations', token)}\n",
    )


def _link(page: str, token: str) -> str:
    return f"{settings.TILL_URL}/{page}?token={token}"
