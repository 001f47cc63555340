"""Process settings from the environment; every name begins with `CONNECT_`."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a process needs to know before it starts; nothing here belongs to one integration."""

    model_config = SettingsConfigDict(env_prefix="CONNECT_", extra="ignore", frozen=True)

    data: Path = Path("var")
    """Data folder of the embedded servers, the secret key and logs."""
    database_url: str = ""
    """A PostgreSQL server elsewhere; empty: the embedded one."""
    temporal_address: str = ""
    """A Temporal server elsewhere; empty: the embedded one."""
    temporal_namespace: str = "default"
    temporal_tls: bool = False
    temporal_api_key: SecretStr = SecretStr("")
    temporal_ui_url: str = ""
    """Where the Temporal Web UI is, for links from the journal."""
    web_host: str = "127.0.0.1"
    web_port: int = 8080
    public_url: str = ""
    """Where shops reach these pages from the internet (https://connect.example): for webhooks, images and key hand-over."""
    secret_key: SecretStr = SecretStr("")
    """32 bytes as base64; empty: kept in the data folder, created on first start."""
    allow_private_addresses: bool = False
    """Let shops live in private networks (own test shops)."""
    worker_activities: int = 20
    """Activities at once per worker process; also the size of its database pool."""
    log_level: str = "INFO"
    ready_file: Path | None = None
    """Written when the worker polls, for whoever started it."""
    exchange: Path = Path("var/exchange")
    """The folder for files of printers, carriers and fulfilment providers; folders named on the pages are in it."""
    smtp_host: str = ""
    """The mail server; empty: mails wait."""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_sender: str = ""
    """The address that mails come from; needed with a mail server."""
    dev_links: dict[str, str] = Field(default_factory=dict)
    """Named links shown on the dashboard (JSON), such as the demo's shop."""
