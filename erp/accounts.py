"""People who may log in: created with an argon2 hash, verified in constant effort, listed."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from sqlalchemy import func
from sqlmodel import Session, col, select

from erp.tables import Account

MIN_PASSWORD = 10


class AccountExistsError(Exception):
    """There is already an account with this e-mail."""


class NewAccount(BaseModel):
    """A person to be added; the e-mail is what they log in with."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    email: str = Field(min_length=3, max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")
    name: str = Field(default="", max_length=120)
    password: SecretStr = Field(min_length=MIN_PASSWORD, max_length=200)
    language: str = Field(default="de", pattern="^(de|en)$")

    @field_validator("email")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """What an unknown e-mail is verified against, so that its answer takes as long as a wrong password's."""
    return _hasher().hash("nobody")


def create_account(session: Session, new: NewAccount) -> Account:
    """Add a person; raises `AccountExistsError` when the e-mail is taken."""
    if session.exec(select(Account.id).where(col(Account.email) == new.email)).first() is not None:
        raise AccountExistsError(new.email)
    account = Account(
        email=new.email,
        name=new.name,
        password_hash=_hasher().hash(new.password.get_secret_value()),
        language=new.language,
    )
    session.add(account)
    session.flush()
    return account


def verify_password(session: Session, email: str, password: str) -> Account | None:
    """Find the active account that this e-mail and password belong to; an old hash is renewed on the way."""
    account = session.exec(select(Account).where(col(Account.email) == email.strip().lower())).first()
    try:
        _hasher().verify(account.password_hash if account else _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return None
    if account is None or not account.is_active:
        return None
    if _hasher().check_needs_rehash(account.password_hash):
        account.password_hash = _hasher().hash(password)
        session.add(account)
    return account


def list_accounts(session: Session) -> list[Account]:
    """Everybody who was ever added, by e-mail."""
    return list(session.exec(select(Account).order_by(col(Account.email))))


def count_accounts(session: Session) -> int:
    """How many people may log in; nobody: the login page says how to add the first."""
    return session.exec(select(func.count()).select_from(Account).where(col(Account.is_active))).one()
