"""Credentials of integrations: stored sealed, loaded only by activities."""

from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr
from pydantic_core import to_json
from sqlmodel import Session

from canonical.failure import Failure, FailureError
from erp.access_tokens import forget_token
from erp.secrets import Keyring, SealBroken
from erp.tables import Credential

Form = TypeVar("Form", bound=BaseModel)


def _about(integration_id: str) -> str:
    return f"credential/{integration_id}"


def _in_clear(credentials: BaseModel) -> dict[str, Any]:
    """The form's values with secrets opened; lives only between the form and the seal."""
    values = {name: getattr(credentials, name) for name in type(credentials).model_fields}
    return {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in values.items()}


def store_credentials(session: Session, keyring: Keyring, integration_id: str, credentials: BaseModel) -> None:
    """Store credentials sealed, replacing earlier ones; what is not secret is kept beside for the pages.

    A token of the earlier ones goes.
    """
    forget_token(session, integration_id)
    sealed = keyring.seal(to_json(_in_clear(credentials)), about=_about(integration_id))
    shown = {
        name: str(getattr(credentials, name))
        for name in type(credentials).model_fields
        if not isinstance(getattr(credentials, name), SecretStr)
    }
    row = session.get(Credential, integration_id) or Credential(integration_id=integration_id, key_id="", sealed=b"")
    row.key_id, row.sealed, row.shown = keyring.current, sealed, shown
    session.add(row)


def load_credentials(session: Session, keyring: Keyring, integration_id: str, form: type[Form]) -> Form:
    """Open an integration's credentials; raises `FailureError` CREDENTIALS_MISSING."""
    row = session.get(Credential, integration_id)
    if row is None:
        raise FailureError(Failure.of("CREDENTIALS_MISSING"))
    try:
        return form.model_validate_json(keyring.open(row.sealed, row.key_id, about=_about(integration_id)))
    except SealBroken as error:
        raise FailureError(Failure.of("CREDENTIALS_MISSING")) from error


def forget_credentials(session: Session, integration_id: str) -> None:
    """Delete an integration's credentials and token."""
    forget_token(session, integration_id)
    row = session.get(Credential, integration_id)
    if row is not None:
        session.delete(row)
