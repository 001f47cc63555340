"""Sealing of credentials and stored documents: AES-GCM with keys that live outside the database."""

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class SealBroken(Exception):
    """A sealed value cannot be opened: wrong key or damaged data."""


class Keyring:
    """Keys by id; the first seals, all open. Rotation: put the new key first and keep the old ones."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys:
            raise ValueError("a keyring needs a key")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current = next(iter(keys))

    @classmethod
    def from_text(cls, text: str) -> "Keyring":
        """Read `id:base64` pairs separated by commas, or one bare base64 key."""
        keys = {}
        for part in text.split(","):
            key_id, _, value = part.strip().rpartition(":")
            keys[key_id or "k1"] = base64.b64decode(value)
        return cls(keys)

    @classmethod
    def in_folder(cls, folder: Path) -> "Keyring":
        """Read the key file of a data folder; the first start creates it, readable by its owner only."""
        path = folder / "secret.key"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return cls.from_text(path.read_text())
        with os.fdopen(handle, "w") as file:
            file.write("k1:" + base64.b64encode(secrets.token_bytes(32)).decode())
        return cls.from_text(path.read_text())

    def seal(self, plain: bytes, *, about: str) -> bytes:
        """Encrypt with the current key; `about` binds the value to its row, so that rows cannot be swapped."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._ciphers[self.current].encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, key_id: str, *, about: str) -> bytes:
        """Decrypt; raises `SealBroken`."""
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealBroken(f"no key {key_id}")
        try:
            return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], about.encode())
        except InvalidTag as error:
            raise SealBroken(about) from error
