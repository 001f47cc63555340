"""Grants on their way: sealed, answered once, and only while they are fresh."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel, SecretStr
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session, select

from canonical.channel import GrantKind, Token
from canonical.failure import FailureError
from erp import grants
from erp.access_tokens import SealedTokens
from erp.credentials import store_credentials
from erp.secrets import Keyring
from erp.tables import AccessToken, Authorization
from tests.erp.conftest import Shop

SHOP = "shop-1"
KEYS = Keyring({"k1": bytes(range(32))})


class Form(BaseModel):
    """What is entered before."""

    url: str
    client_secret: SecretStr


FORM = Form(url="https://shop.example", client_secret=SecretStr("geheim-123"))


def begin(session: Session) -> str:
    Shop(session)
    state = grants.begin_grant(session, KEYS, SHOP, GrantKind.REDIRECT, FORM, "anna")
    session.commit()
    return state


def refused(session: Session, state: str, now: datetime) -> str:
    with pytest.raises(FailureError) as caught:
        grants.answer_grant(session, KEYS, state, {"code": "x"}, now)
    return caught.value.failure.code


def test_a_grant_comes_back_with_what_was_entered_before(session: Session) -> None:
    state = begin(session)
    assert grants.answer_grant(session, KEYS, state, {"code": "c-1"}, datetime.now(UTC)) == SHOP
    found = grants.answered_grant(session, KEYS, SHOP, state)
    assert found.form == {"url": "https://shop.example", "client_secret": "geheim-123"}
    assert (found.kind, found.answer) == (GrantKind.REDIRECT, {"code": "c-1"})


def test_nothing_of_it_is_readable_in_the_database(session: Session) -> None:
    state = begin(session)
    grants.answer_grant(session, KEYS, state, {"code": "c-geheim"}, datetime.now(UTC))
    row = session.exec(select(Authorization)).one()
    assert b"geheim" not in row.sealed


def test_an_answer_counts_once_in_time_and_only_for_its_own_state(session: Session) -> None:
    state = begin(session)
    assert refused(session, "another", datetime.now(UTC)) == "GRANT_EXPIRED"
    assert refused(session, state, datetime.now(UTC) + timedelta(hours=2)) == "GRANT_EXPIRED"
    grants.answer_grant(session, KEYS, state, {}, datetime.now(UTC))
    assert refused(session, state, datetime.now(UTC)) == "GRANT_EXPIRED"


def test_beginning_again_ends_the_grant_before(session: Session) -> None:
    first = begin(session)
    grants.begin_grant(session, KEYS, SHOP, GrantKind.REDIRECT, FORM, "anna")
    assert refused(session, first, datetime.now(UTC)) == "GRANT_EXPIRED"


def test_a_grant_of_another_integration_is_none(session: Session) -> None:
    state = begin(session)
    grants.answer_grant(session, KEYS, state, {}, datetime.now(UTC))
    with pytest.raises(FailureError):
        grants.answered_grant(session, KEYS, "shop-2", state)


def test_a_token_is_sealed_replaced_at_once_and_gone_with_new_credentials(session: Session) -> None:
    Shop(session)
    session.commit()
    tokens = SealedTokens(sessionmaker(session.get_bind(), class_=Session), KEYS, SHOP)
    assert tokens.load() is None
    for access in ("t-geheim", "t-2"):
        tokens.store(Token(access=access, refresh="r", scopes=("a",)))
    assert tokens.load() == Token(access="t-2", refresh="r", scopes=("a",))
    assert b"t-2" not in session.exec(select(AccessToken)).one().sealed
    store_credentials(session, KEYS, SHOP, FORM)
    session.commit()
    assert tokens.load() is None


def test_a_token_that_cannot_be_opened_counts_as_none(session: Session) -> None:
    Shop(session)
    session.commit()
    make = sessionmaker(session.get_bind(), class_=Session)
    SealedTokens(make, KEYS, SHOP).store(Token(access="x"))
    assert SealedTokens(make, Keyring({"k2": bytes(32)}), SHOP).load() is None
