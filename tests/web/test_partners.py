"""The providers' pages: set one up, confirm its server's key, test, exchange, look at what was refused, mend it."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from activities.schedules import ensure_house_schedules
from tests.adapters.sftp_server import PASSWORD, USER, SftpServer
from tests.web.conftest import Browser, Place, text_of

HERE = "/settings/providers"
FOLDERS = {"out_folder": "out", "in_folder": "in", "done_folder": "done", "bad_folder": "bad"}
TRACKING = """<tracking version="1">
<shipment><order>NOBODY-1</order><parcel><trackingNumber>T1</trackingNumber></parcel></shipment>
</tracking>"""


def form(code: str, **values: Any) -> dict[str, Any]:
    return {"code": code, "name": f"Provider {code}", "format": "xml", "port": "22", **FOLDERS, **values}


def number(place: Place, query: str, **params: object) -> Any:
    return place.world.number(query, **params)


def id_of(place: Place, code: str) -> int:
    return int(number(place, "SELECT id FROM partner WHERE code = :code", code=code))


def put(folder: Path, name: str, content: str) -> None:
    path = folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    then = path.stat().st_mtime - 60
    os.utime(path, (then, then))


@pytest.fixture
async def exchanges(place: Place) -> AsyncIterator[Path]:
    """The house's schedules, as a worker makes them, and its exchange folder."""
    await ensure_house_schedules(place.world.client)
    yield place.world.deps.exchange


async def test_the_list_says_what_to_do_first_and_the_rail_leads_to_it(anna: Browser) -> None:
    page = await anna.open(HERE)
    assert "Neuer Dienstleister" in text_of(page)
    assert f'href="{HERE}"' in await anna.open("/")


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(place: Place, anna: Browser) -> None:
    await anna.open(f"{HERE}/new")
    page = text_of(await anna.send(f"{HERE}/new", 422, **form("a b", transport="folder", folder="x")))
    assert "Das sieht nicht richtig aus" in page
    page = text_of(await anna.send(f"{HERE}/new", 422, **form("OK", transport="folder", folder="../x")))
    assert "kein Ordner innerhalb des Austauschordners" in page
    same = form("OK", transport="folder", folder="x") | {"bad_folder": "in"}
    assert "derselbe" in text_of(await anna.send(f"{HERE}/new", 422, **same))
    assert "SFTP" in text_of(await anna.send(f"{HERE}/new", 422, **form("OK", transport="sftp", host="h")))
    no_secret = form("OK", transport="sftp", host="h", user="u")
    assert "keine Zugangsdaten" in text_of(await anna.send(f"{HERE}/new", 422, **no_secret))
    assert number(place, "SELECT count(*) FROM partner WHERE code = 'OK'") == 0
    for path in (f"{HERE}/999", f"{HERE}/{2**70}", f"{HERE}/999/orders", f"{HERE}/999/edit", f"{HERE}/999/files/1"):
        await anna.open(path, 404)


async def test_a_refused_record_is_shown_with_its_reason_and_the_file_is_taken_again(
    place: Place, anna: Browser, exchanges: Path
) -> None:
    await anna.open(f"{HERE}/new")
    page = text_of(await anna.send(f"{HERE}/new", **form("WEBDIR", transport="folder", folder="webdir")))
    assert "Gespeichert" in page and "Provider WEBDIR" in page
    here = f"{HERE}/{id_of(place, 'WEBDIR')}"
    assert number(place, "SELECT kind FROM warehouse WHERE code = 'WEBDIR'") == "provider"
    tested = text_of(await anna.send(f"{here}/test"))
    assert "es wurde nichts übertragen" in tested and "Keine Datei wartet" in tested
    put(exchanges / "webdir", "t1.xml", TRACKING)
    assert "t1.xml" in text_of(await anna.send(f"{here}/test"))
    assert number(place, "SELECT count(*) FROM partner_file") == 0
    await anna.send(f"{here}/exchange")
    state = "SELECT coalesce((SELECT state FROM partner_file WHERE name = 't1.xml'), '')"
    await place.world.until(lambda: number(place, state) == "partial", "the file is taken")
    page = await anna.open(here)
    assert "teils abgelehnt" in text_of(page)
    file = re.search(rf'href="({here}/files/\d+)"', page)
    assert file is not None
    report = text_of(await anna.open(file[1]))
    assert "NOBODY-1" in report and "hat dieser Dienstleister nicht von uns" in report
    settled = number(place, "SELECT settled_at FROM partner_file WHERE name = 't1.xml'")
    assert "erneut übernommen" in text_of(await anna.send(f"{file[1]}/again"))
    again = "SELECT coalesce((SELECT state || (settled_at > :then) FROM partner_file WHERE name = 't1.xml'), '')"
    await place.world.until(lambda: number(place, again, then=settled) == "partialtrue", "the file is taken again")
    assert "ausgeschaltet" in text_of(await anna.send(f"{here}/active", active="0"))
    assert number(place, "SELECT is_active FROM partner WHERE code = 'WEBDIR'") is False
    await anna.open(f"{here}/orders")
    await anna.send(f"{here}/files/{2**63}/again", 404)
    await anna.send(f"{here}/orders/{2**63}/again", 404)


async def test_a_servers_key_is_confirmed_by_a_person_and_the_password_is_never_shown(
    place: Place, anna: Browser, exchanges: Path, tmp_path: Path
) -> None:
    with SftpServer(tmp_path / "remote") as server:
        await anna.open(f"{HERE}/new")
        entered = form("WEBSFTP", transport="sftp", host="127.0.0.1", user=USER, secret=PASSWORD)
        await anna.send(f"{HERE}/new", **(entered | {"port": str(server.port)}))
        here = f"{HERE}/{id_of(place, 'WEBSFTP')}"
        page = await anna.send(f"{here}/test")
        assert "noch nicht bestätigt" in text_of(page) and server.key.fingerprint in page
        assert server.passwords == []
        await anna.send(f"{here}/host-key", host_key=server.host_key)
        assert "es wurde nichts übertragen" in text_of(await anna.send(f"{here}/test"))
        for path in (here, f"{here}/edit", HERE):
            assert PASSWORD not in await anna.open(path)
        await anna.send(f"{here}/edit", **(entered | {"port": str(server.port), "secret": "", "name": "Renamed"}))
        assert "Renamed" in await anna.open(here)
        elsewhere = entered | {"port": str(server.port), "secret": "", "host": "localhost"}
        assert "keine Zugangsdaten" in text_of(await anna.send(f"{here}/edit", 422, **elsewhere))
        wrong = entered | {"port": str(server.port), "secret": "wrong"}
        await anna.send(f"{here}/edit", **wrong)
        assert "nimmt die Anmeldung" in text_of(await anna.send(f"{here}/test"))
        await anna.send(f"{here}/exchange")
        failed = "SELECT code_of_failure FROM partner WHERE code = 'WEBSFTP'"
        await place.world.until(lambda: number(place, failed) == "LOGIN_REFUSED", "the failure is kept")
        page = text_of(await anna.open(here))
        assert "nimmt die Anmeldung" in page and "seit" in page and "angehalten" in page
