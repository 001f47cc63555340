"""Fulfilment providers: their access, sealed as a shop's; which key of the server is theirs; what stops them and since when."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.codes import CODES, Kind
from canonical.failure import Failure, FailureError
from erp.secrets import Keyring, SealBroken
from erp.tables import Partner, Warehouse
from erp.warehouses import WarehouseForm, create_warehouse

_FOLDER = r"^[A-Za-z0-9ÄÖÜäöüß._ /-]*$"
_HOST = re.compile(r"^[A-Za-z0-9.:-]+$")
_HOST_KEY = re.compile(r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{30,900}={0,2}$")


class PartnerForm(BaseModel):
    """A provider as a person enters it; the code names it in files and never changes."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    code: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.-]+$")
    name: str = Field(min_length=1, max_length=120)
    format: Literal["xml", "csv"] = "xml"
    transport: Literal["folder", "sftp"] = "folder"
    folder: str = Field(default="", max_length=200, pattern=_FOLDER)
    """Below the house's exchange folder."""
    host: str = Field(default="", max_length=250)
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(default="", max_length=120)
    secret: SecretStr = Field(default=SecretStr(""), max_length=20_000)
    """A password or a private key; empty keeps the stored one."""
    out_folder: str = Field(default="out", min_length=1, max_length=300, pattern=_FOLDER)
    in_folder: str = Field(default="in", min_length=1, max_length=300, pattern=_FOLDER)
    done_folder: str = Field(default="done", min_length=1, max_length=300, pattern=_FOLDER)
    bad_folder: str = Field(default="bad", min_length=1, max_length=300, pattern=_FOLDER)
    warehouses: tuple[str, ...] = ()
    """Codes of the warehouses that it ships from; none: one is created."""

    @model_validator(mode="after")
    def _fits(self) -> "PartnerForm":
        folders = [self.out_folder, self.in_folder, self.done_folder, self.bad_folder]
        if len({name.strip("/") for name in folders}) < len(folders):
            raise PydanticCustomError("FOLDERS_EQUAL", "folders")
        for name in [*folders, self.folder]:
            if ".." in name.split("/") or (self.transport == "folder" and name.startswith("/")):
                raise PydanticCustomError("FOLDER_INVALID", "folder", {"folder": name})
        if self.transport == "folder" and not self.folder.strip("/."):
            raise PydanticCustomError("FOLDER_INVALID", "folder", {"folder": self.folder})
        if self.transport == "sftp" and not (_HOST.match(self.host) and self.user):
            raise PydanticCustomError("SETTINGS_INCOMPLETE", "server", {"fields": "SFTP"})
        return self

    @property
    def address(self) -> str:
        """As it is stored."""
        return self.folder if self.transport == "folder" else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class PartnerAccess:
    """What an exchange with a provider needs to know; lives only while it runs."""

    partner_id: int
    code: str
    format: str
    transport: str
    folder: str
    host: str
    port: int
    user: str
    secret: str
    host_key: str
    out_folder: str
    in_folder: str
    done_folder: str
    bad_folder: str


def _about(partner_id: int) -> str:
    return f"partner/{partner_id}"


def create_partner(session: Session, keyring: Keyring, form: PartnerForm) -> Partner:
    """Create a provider with its warehouses; raises `FailureError` CODE_TAKEN, CREDENTIALS_MISSING, WAREHOUSE_UNKNOWN."""
    made = session.execute(
        insert(Partner)
        .values(code=form.code, name=form.name)
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(col(Partner.id))
    ).scalar_one_or_none()
    if made is None:
        raise FailureError(Failure.of("CODE_TAKEN", value=form.code))
    if not form.warehouses:
        form = form.model_copy(update={"warehouses": (_own_warehouse(session, form),)})
    return change_partner(session, keyring, made, form)


def _own_warehouse(session: Session, form: PartnerForm) -> str:
    """A warehouse for a provider that has none yet, with the provider's code."""
    wanted = WarehouseForm(code=form.code, name=form.name, kind="provider")
    return create_warehouse(session, wanted).code


def change_partner(session: Session, keyring: Keyring, partner_id: int, form: PartnerForm) -> Partner:
    """Store what a person entered, except the code; the exchange is tried again from now on.

    Another server has another key, and gets no secret that was entered for the first one. Raises `LookupError` and
    `FailureError` CREDENTIALS_MISSING, WAREHOUSE_UNKNOWN for one that is none of a provider or another's.
    """
    partner = lock_partner(session, partner_id)
    is_same = (partner.transport, partner.address, partner.user) == (form.transport, form.address, form.user)
    if partner.address != form.address:
        partner.host_key = ""
    if form.transport == "folder":
        partner.secret, partner.key_id = None, ""
    elif secret := form.secret.get_secret_value():
        partner.secret, partner.key_id = keyring.seal(secret.encode(), about=_about(partner_id)), keyring.current
    elif not is_same or partner.secret is None:
        raise FailureError(Failure.of("CREDENTIALS_MISSING"))
    plain = form.model_dump(
        include={"name", "format", "transport", "out_folder", "in_folder", "done_folder", "bad_folder"}
    )
    partner.sqlmodel_update(plain | {"address": form.address, "user": form.user if form.transport == "sftp" else ""})
    _forget_failure(partner)
    session.add(partner)
    session.flush()
    _give_warehouses(session, partner_id, form.warehouses)
    return partner


def _give_warehouses(session: Session, partner_id: int, codes: tuple[str, ...]) -> None:
    rows = session.exec(
        select(Warehouse).where(col(Warehouse.kind) == "provider").order_by(col(Warehouse.id)).with_for_update()
    ).all()
    free = {row.code for row in rows if row.partner_id in (None, partner_id)}
    for code in codes:
        if code not in free:
            raise FailureError(Failure.of("WAREHOUSE_UNKNOWN", warehouse=code))
    for row in rows:
        if row.code in codes:
            row.partner_id = partner_id
        elif row.partner_id == partner_id:
            row.partner_id = None
        session.add(row)
    session.flush()


def lock_partner(session: Session, partner_id: int) -> Partner:
    """Load a provider and hold it until the transaction ends; raises `LookupError`."""
    query = select(Partner).where(col(Partner.id) == partner_id).with_for_update(key_share=True)
    found = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise LookupError(partner_id)
    return found


def access_of(session: Session, keyring: Keyring, partner_id: int) -> PartnerAccess:
    """Open a provider's access; raises `LookupError` and `FailureError` CREDENTIALS_MISSING."""
    partner = session.get(Partner, partner_id)
    if partner is None:
        raise LookupError(partner_id)
    is_sftp = partner.transport == "sftp"
    host, _, port = partner.address.rpartition(":") if is_sftp else ("", "", "0")
    return PartnerAccess(
        partner_id=partner_id,
        code=partner.code,
        format=partner.format,
        transport=partner.transport,
        folder="" if is_sftp else partner.address,
        host=host,
        port=int(port),
        user=partner.user,
        secret=_opened(keyring, partner) if is_sftp else "",
        host_key=partner.host_key,
        out_folder=partner.out_folder,
        in_folder=partner.in_folder,
        done_folder=partner.done_folder,
        bad_folder=partner.bad_folder,
    )


def _opened(keyring: Keyring, partner: Partner) -> str:
    if partner.secret is None:
        raise FailureError(Failure.of("CREDENTIALS_MISSING"))
    try:
        return keyring.open(partner.secret, partner.key_id, about=_about(partner.id or 0)).decode()
    except SealBroken as error:
        raise FailureError(Failure.of("CREDENTIALS_MISSING")) from error


def pin_host_key(session: Session, partner_id: int, host_key: str) -> None:
    """Keep the server's key that a person has compared and confirmed; raises `LookupError`, `FailureError` KEY_INVALID."""
    partner = lock_partner(session, partner_id)
    if not _HOST_KEY.match(host_key):
        raise FailureError(Failure.of("KEY_INVALID", field="SSH", expected="ssh-ed25519 AAAA…"))
    partner.host_key = host_key
    _forget_failure(partner)
    session.add(partner)
    session.flush()


def set_active(session: Session, partner_id: int, is_active: bool) -> None:
    """Let the exchange run, or stop it; waiting orders go back to where they came from with the next run."""
    partner = lock_partner(session, partner_id)
    partner.is_active = is_active
    session.add(partner)
    session.flush()


def try_again(session: Session, partner_id: int) -> None:
    """Let a provider that is stopped by a failure be tried again; raises `LookupError`."""
    partner = lock_partner(session, partner_id)
    _forget_failure(partner)
    session.add(partner)
    session.flush()


def _forget_failure(partner: Partner) -> None:
    partner.code_of_failure, partner.params, partner.failing_since = "", {}, None


def due_partners(session: Session) -> list[int]:
    """The active providers whose turn it is: those that work first, so that a dead server keeps nobody waiting.

    One that a person must mend (a login that is refused, another key) is left alone: a server locks out who tries on.
    """
    waits = [code for code, meaning in CODES.items() if meaning.kind is not Kind.RETRY]
    query = text(
        "SELECT id FROM partner WHERE is_active AND NOT code_of_failure = ANY(:waits) ORDER BY code_of_failure <> '', id"
    )
    return list(session.execute(query, {"waits": waits}).scalars())


def note_failure(session: Session, partner_id: int, failure: Failure) -> None:
    """Keep what stops a provider; the moment is that of the first failure since it last worked."""
    partner = lock_partner(session, partner_id)
    partner.code_of_failure, partner.params = failure.code, dict(failure.params)
    partner.failing_since = partner.failing_since or datetime.now(UTC)
    session.add(partner)
    session.flush()


def note_success(session: Session, partner_id: int) -> None:
    """Keep that an exchange went through."""
    partner = lock_partner(session, partner_id)
    _forget_failure(partner)
    partner.last_success_at = datetime.now(UTC)
    session.add(partner)
    session.flush()
