"""Access tokens of integrations: stored sealed and committed at once, because a refresh token may be good for one use only."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from canonical.channel import Token
from erp.secrets import Keyring, SealBroken
from erp.tables import AccessToken


class SealedTokens:
    """The token of one integration; a token that cannot be opened any more counts as none."""

    def __init__(self, sessions: sessionmaker[Session], keyring: Keyring, integration_id: str) -> None:
        self._sessions, self._keyring, self._integration_id = sessions, keyring, integration_id

    @property
    def _about(self) -> str:
        return f"token/{self._integration_id}"

    def load(self) -> Token | None:
        """The stored token, also an expired one."""
        with self._sessions() as session:
            row = session.get(AccessToken, self._integration_id)
        if row is None:
            return None
        try:
            return Token.model_validate_json(self._keyring.open(row.sealed, row.key_id, about=self._about))
        except SealBroken:
            return None

    def store(self, token: Token) -> None:
        """Replace it in a transaction of its own."""
        sealed = self._keyring.seal(token.model_dump_json().encode(), about=self._about)
        values = {"key_id": self._keyring.current, "sealed": sealed, "expires_at": token.expires_at}
        with self._sessions() as session:
            session.execute(
                insert(AccessToken)
                .values(integration_id=self._integration_id, **values)
                .on_conflict_do_update(index_elements=["integration_id"], set_=values)
            )
            session.commit()


def forget_token(session: Session, integration_id: str) -> None:
    """Delete an integration's token: its credentials changed, or it is deleted."""
    row = session.get(AccessToken, integration_id)
    if row is not None:
        session.delete(row)
