"""Grants on their way: what was entered before the vendor's page, what the vendor answered, used once (D§1.4)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from pydantic import BaseModel, SecretStr
from sqlalchemy import delete
from sqlmodel import Session, col, select

from canonical.channel import GrantKind
from canonical.failure import Failure, FailureError
from erp.secrets import Keyring, SealBroken
from erp.tables import Authorization

LIFE = timedelta(hours=1)
"""A merchant who takes longer at the vendor's page begins again."""


@dataclass(frozen=True)
class Answered:
    """A grant that the vendor answered."""

    integration_id: str
    kind: GrantKind
    form: Mapping[str, str]
    answer: Mapping[str, str]


def _about(state: str) -> str:
    return f"grant/{state}"


def begin_grant(  # noqa: PLR0917 - who enters what for which integration
    session: Session, keyring: Keyring, integration_id: str, kind: GrantKind, form: BaseModel, by: str
) -> str:
    """Remember the entered form sealed, and return the state that must come back; earlier ones of the integration go."""
    session.execute(delete(Authorization).where(col(Authorization.integration_id) == integration_id))
    state = secrets.token_urlsafe(32)
    values = {name: getattr(form, name) for name in type(form).model_fields}
    clear = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value) for name, value in values.items()
    }
    sealed = keyring.seal(orjson.dumps({"form": clear, "answer": {}}), about=_about(state))
    session.add(
        Authorization(
            state=state,
            integration_id=integration_id,
            grant_kind=kind.value,
            key_id=keyring.current,
            sealed=sealed,
            begun_by=by,
        )
    )
    session.flush()
    return state


def answer_grant(session: Session, keyring: Keyring, state: str, answer: Mapping[str, str], now: datetime) -> str:
    """Store what the vendor sent, once, and return the integration's id.

    Raises `FailureError` GRANT_EXPIRED for a state that is unknown, too old or answered already.
    """
    row = session.exec(select(Authorization).where(col(Authorization.state) == state).with_for_update()).one_or_none()
    if row is None or row.answered_at is not None or now - row.begun_at > LIFE:
        raise FailureError(Failure.of("GRANT_EXPIRED"))
    stored = _open(keyring, row)
    row.sealed = keyring.seal(orjson.dumps({"form": stored["form"], "answer": dict(answer)}), about=_about(row.state))
    row.key_id, row.answered_at = keyring.current, now
    session.add(row)
    session.flush()
    return row.integration_id


def answered_grant(session: Session, keyring: Keyring, integration_id: str, state: str) -> Answered:
    """Load an answered grant of this integration; raises `FailureError` GRANT_EXPIRED where there is none."""
    row = session.get(Authorization, state)
    if row is None or row.integration_id != integration_id or row.answered_at is None:
        raise FailureError(Failure.of("GRANT_EXPIRED"))
    stored = _open(keyring, row)
    return Answered(integration_id, GrantKind(row.grant_kind), stored["form"], stored["answer"])


def end_grant(session: Session, state: str) -> None:
    """Forget a grant: it was used, or failed."""
    session.execute(delete(Authorization).where(col(Authorization.state) == state))


def begun_grant(session: Session, integration_id: str, state: str) -> Authorization | None:
    """A grant that waits for the vendor, for the page that leads there."""
    row = session.get(Authorization, state)
    return row if row is not None and row.integration_id == integration_id else None


def entered_form(keyring: Keyring, row: Authorization) -> Mapping[str, str]:
    """What was entered before the vendor's page."""
    return _open(keyring, row)["form"]


def _open(keyring: Keyring, row: Authorization) -> dict[str, dict[str, str]]:
    try:
        opened: dict[str, dict[str, str]] = orjson.loads(keyring.open(row.sealed, row.key_id, about=_about(row.state)))
    except SealBroken as error:
        raise FailureError(Failure.of("GRANT_EXPIRED")) from error
    return opened
