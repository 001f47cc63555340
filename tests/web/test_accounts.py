"""People who may log in."""

import pytest
from pydantic import SecretStr, ValidationError
from sqlmodel import Session

from erp import accounts
from erp.accounts import AccountExistsError, NewAccount


def person(email: str = "anna@shop.example", password: str = "correct horse") -> NewAccount:
    """A person to be added."""
    return NewAccount(email=email, password=SecretStr(password))


def test_a_person_logs_in_with_any_case_of_their_email(session: Session) -> None:
    accounts.create_account(session, person("Anna@Shop.example"))
    assert accounts.verify_password(session, " ANNA@shop.example ", "correct horse") is not None


def test_a_wrong_password_or_a_locked_person_gets_nowhere(session: Session) -> None:
    account = accounts.create_account(session, person())
    assert accounts.verify_password(session, "anna@shop.example", "wrong horse") is None
    assert accounts.verify_password(session, "nobody@shop.example", "correct horse") is None
    account.is_active = False
    session.flush()
    assert accounts.verify_password(session, "anna@shop.example", "correct horse") is None
    assert accounts.count_accounts(session) == 0


def test_an_email_is_there_once(session: Session) -> None:
    accounts.create_account(session, person())
    with pytest.raises(AccountExistsError):
        accounts.create_account(session, person("ANNA@shop.example"))


def test_the_password_is_not_stored_in_clear(session: Session) -> None:
    account = accounts.create_account(session, person())
    assert account.password_hash.startswith("$argon2id$")
    assert "correct horse" not in account.password_hash


@pytest.mark.parametrize("email", ["anna", "@", "a b@c", ""])
def test_an_email_must_look_like_one(email: str) -> None:
    with pytest.raises(ValidationError):
        person(email)


def test_a_password_has_at_least_ten_characters() -> None:
    with pytest.raises(ValidationError):
        person(password="123456789")
