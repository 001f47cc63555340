"""What a connector is given of the account it serves, besides credentials and settings."""

from dataclasses import dataclass, field
from typing import Protocol

from canonical.channel import Token
from connectors.limiter import Limiter, NoLimiter


class TokenStore(Protocol):
    """Keeps an account's access token across calls and workers, sealed: vendors limit how often a new one may be asked for."""

    def load(self) -> Token | None:
        """The stored token, also an expired one."""
        ...

    def store(self, token: Token) -> None:
        """Replace it; committed at once, because a refresh token may be good for one use only."""
        ...


class NoTokenStore:
    """Keeps the token only as long as the connector lives: for a single call by a person, and for tests."""

    def __init__(self, token: Token | None = None) -> None:
        self._token = token

    def load(self) -> Token | None:
        """What was stored last."""
        return self._token

    def store(self, token: Token) -> None:
        """Remember."""
        self._token = token


@dataclass(frozen=True)
class Account:
    """An account's limiter and its tokens."""

    limiter: Limiter = field(default_factory=NoLimiter)
    tokens: TokenStore = field(default_factory=NoTokenStore)
