"""Integrations and what belongs to them: installations, feature settings with revisions, credentials, mappings, filter, watermarks."""

from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, json_list, json_object, moment


class Installation(SQLModel, table=True):
    """A connector installed once (D§1.3)."""

    __tablename__ = "installation"

    connector: str = Field(primary_key=True, max_length=40)
    installed_at: Moment = filled_now()
    installed_by: str = ""


class Integration(SQLModel, table=True):
    """One configured connection of a connector to one account; its id is the stem of all its workflow ids."""

    __tablename__ = "integration"

    id: str = Field(primary_key=True, max_length=40)
    connector: str = Field(max_length=40, index=True)
    name: str = Field(max_length=120)
    mode: str = Field(default="development", max_length=20)
    wizard_step: str = Field(default="credentials", max_length=20)
    """basics, credentials, features, create or done: where the wizard goes on."""
    check_report: dict[str, Any] = json_object()
    checked_at: Moment | None = moment()
    created_at: Moment = filled_now()
    created_by: str = ""
    deleted_at: Moment | None = moment()


class IntegrationFeature(SQLModel, table=True):
    """A feature chosen for an integration; it runs by itself only if active, not paused, not blocked, and the mode is productive."""

    __tablename__ = "integration_feature"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    feature: str = Field(primary_key=True, max_length=20)
    is_chosen: bool = True
    is_active: bool = False
    """Stage 1 of go-live ("Integrationsmodus")."""
    paused_note: str = ""
    paused_by: str = ""
    paused_at: Moment | None = moment()
    blocked: dict[str, Any] = json_object()
    """The failure that blocks it, else empty."""
    blocked_at: Moment | None = moment()
    deferred_since: Moment | None = moment()
    """Since when runs end with spent retries: an alarm after an hour."""
    last_run_at: Moment | None = moment()
    last_outcome: str = Field(default="", max_length=20)
    last_success_at: Moment | None = moment()


class FeatureSettingsRevision(SQLModel, table=True):
    """One saved state of a feature's settings; runs pin a revision and name it in the journal."""

    __tablename__ = "feature_settings"
    __table_args__ = (UniqueConstraint("integration_id", "feature", "revision"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    feature: str = Field(max_length=20)
    revision: int
    values: dict[str, Any] = json_object()
    saved_by: str = ""
    saved_at: Moment = filled_now()


class Credential(SQLModel, table=True):
    """An account's credentials, AES-GCM with a key outside the database; `key_id` names the key for rotation."""

    __tablename__ = "credential"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    key_id: str = Field(max_length=20)
    sealed: bytes = Field(sa_type=LargeBinary)
    shown: dict[str, Any] = json_object()
    """What pages may show: the fields that are not secret."""
    stored_at: Moment = filled_now()


class Mapping(SQLModel, table=True):
    """A channel's value and ours; without ours the row is open and waits for the operator (D§10.4)."""

    __tablename__ = "mapping"
    __table_args__ = (UniqueConstraint("integration_id", "kind", "channel_value"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    kind: str = Field(max_length=20)
    channel_value: str = Field(max_length=200)
    erp_value: str = Field(default="", max_length=80)
    seen: int = 0
    created_at: Moment = filled_now()


class ArticleFilter(SQLModel, table=True):
    """One activation of the article filter (D§3.1), kept as history with the number that matched."""

    __tablename__ = "article_filter"
    __table_args__ = (UniqueConstraint("integration_id", "revision"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    revision: int
    rules: list[Any] = json_list()
    saved_by: str = ""
    activated_at: Moment = filled_now()
    matched: int | None = None


class ArticleListEntry(SQLModel, table=True):
    """An article that takes part in an integration; `removed_at` when it fell out of the filter (it stays in the shop)."""

    __tablename__ = "article_list_entry"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    article_id: int = Field(primary_key=True, foreign_key="article.id", sa_type=BigInteger)
    added_at: Moment = filled_now()
    removed_at: Moment | None = moment()


class Watermark(SQLModel, table=True):
    """Where a pull goes on: `cursor` moves with the inbox, `applied_until` with the ERP; `start_at` bounds the past."""

    __tablename__ = "watermark"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    feature: str = Field(primary_key=True, max_length=20)
    start_at: Moment | None = moment()
    cursor: str = ""
    applied_until: Moment | None = moment()
    looked_back_at: Moment | None = moment()
    """When the five-day look-back ran last (D§2.5.1)."""
    reapplied_at: Moment | None = moment()


class RunRequest(SQLModel, table=True):
    """What a person or a hint asked for before the schedule was triggered; the next run takes and deletes it."""

    __tablename__ = "run_request"
    __table_args__ = (Index("ix_run_request", "integration_id", "feature"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    feature: str = Field(max_length=20)
    trigger: str = Field(max_length=20)
    requested_by: str = ""
    records: list[Any] = json_list()
    """Order numbers to fetch or inbox documents to apply again; empty for a whole run."""
    requested_at: Moment = filled_now()


class RateBucket(SQLModel, table=True):
    """The token bucket of one account, shared by all workers."""

    __tablename__ = "rate_bucket"

    account: str = Field(primary_key=True, max_length=120)
    tokens: float
    updated_at: Moment = filled_now()
    per_second: float | None = None
    """What the vendor stated for this account's plan; empty while the connector's declared rate holds."""
    burst: float | None = None
    """The same of the bucket's size."""
