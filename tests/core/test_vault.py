"""Secrets at rest."""

import base64

import pytest
from uuid_utils.compat import uuid7

from core import vault


def test_what_is_sealed_comes_back_and_is_never_sealed_the_same_way_twice():
    sealed = [vault.seal("a secret ɛ") for _ in range(2)]
    assert sealed[0] != sealed[1]
    assert [vault.unseal(each) for each in sealed] == ["a secret ɛ"] * 2
    assert not [
        each for each in sealed if "secret" in each or "secret" in base64.urlsafe_b64decode(each).decode("latin-1")
    ]


def test_the_first_key_seals_and_every_listed_one_unseals(settings):
    settings.SEALING_KEYS = ["old" * 12]
    old = vault.seal("x")
    settings.SEALING_KEYS = ["new" * 12, "old" * 12]
    assert vault.unseal(old) == "x"
    new = vault.seal("y")
    settings.SEALING_KEYS = ["new" * 12]
    assert vault.unseal(new) == "y"
    with pytest.raises(ValueError, match="SEALING_KEYS"):
        vault.unseal(old)


@pytest.mark.parametrize("spoil", [lambda sealed: sealed[:-4], lambda sealed: "x" + sealed[1:], lambda sealed: ""])
def test_what_was_tampered_with_does_not_come_back(spoil):
    sealed = vault.seal("x")
    with pytest.raises(ValueError, match="SEALING_KEYS"):
        vault.unseal(spoil(sealed))


def test_a_minted_secret_says_whose_it_is_and_no_two_are_alike():
    account_id = uuid7()
    secrets = {vault.mint(account_id) for _ in range(100)}
    assert len(secrets) == 100
    assert {vault.account_of(secret) for secret in secrets} == {account_id}
    assert all(len(secret) == 54 and secret.replace("-", "").replace("_", "").isalnum() for secret in secrets)


@pytest.mark.parametrize("text", ["", "x", "é" * 54, "=" * 54, "A" * 53, "A" * 55, "A" * 52, "A" * 5000, "\x00"])
def test_what_nobody_minted_says_nothing(text):
    assert vault.account_of(text) is None
