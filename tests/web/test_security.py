"""Nobody gets in without a password, and no other site can act in our name."""

import httpx
from pydantic import SecretStr

from erp import accounts
from erp.tables import Account
from tests.web.conftest import EMAIL, PASSWORD, Browser, Place
from web.security import PUBLIC


async def test_every_route_asks_strangers_to_log_in(place: Place) -> None:
    stranger = place.browser()
    for route in place.app.routes:
        path = getattr(route, "path", "")
        methods = getattr(route, "methods", None)
        if not methods or path in PUBLIC:
            continue
        for method in methods - {"HEAD"}:
            example = path.replace("{number:path}", "X").format_map(dict.fromkeys(_names(path), "x1"))
            answer = await stranger.http.request(method, example)
            assert (answer.status_code, answer.headers.get("location")) == (303, "/login"), f"{method} {example}"


def _names(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]


async def test_after_login_the_wanted_page_opens(place: Place) -> None:
    browser = place.browser()
    await browser.open("/orders?state=open")
    answer = await browser.http.post(
        "/login", data={"csrf": browser.token, "email": EMAIL, "password": PASSWORD}, follow_redirects=False
    )
    assert answer.headers["location"] == "/orders?state=open"


async def test_a_form_of_another_site_is_refused(anna: Browser, place: Place) -> None:
    for token in ("", "wrong", None):
        data = {"name": "Stolen"} | ({"csrf": token} if token is not None else {})
        answer = await anna.http.post(f"{place.base}/rename", data=data)
        assert answer.status_code == 403
        assert "Das Formular war zu alt" in answer.text
    assert "Stolen" not in await anna.open("/integrations")


async def test_a_token_of_another_session_is_refused(anna: Browser, place: Place) -> None:
    other = place.browser()
    await other.log_in()
    await other.open("/")
    answer = await anna.http.post("/logout", data={"csrf": other.token})
    assert answer.status_code == 403


async def test_a_wrong_password_says_the_same_as_an_unknown_person(place: Place) -> None:
    said = []
    for email in (EMAIL, "nobody@shop.example"):
        browser = place.browser("en")
        await browser.open("/login")
        said.append("E-mail or password is wrong." in await browser.send("/login", 422, email=email, password="wrong"))
    assert said == [True, True]


async def test_guessing_is_slowed_down(place: Place) -> None:
    transport = httpx.ASGITransport(app=place.app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://pages", cookies={"language": "de"}) as http:
        browser = Browser(http)
        await browser.open("/login")
        for _ in range(5):
            await browser.send("/login", 422, email="guess@shop.example", password="wrong")
        page = await browser.send("/login", 429, email="guess@shop.example", password="wrong")
    assert "Zu viele Versuche" in page


async def test_logging_out_ends_the_session(place: Place) -> None:
    browser = place.browser()
    await browser.log_in()
    await browser.open("/")
    await browser.send("/logout")
    assert (await browser.http.get("/orders")).headers["location"] == "/login"


async def test_a_changed_password_ends_all_sessions(place: Place) -> None:
    with place.world.deps.sessions.begin() as session:
        new = accounts.NewAccount(email="berta@shop.example", password=SecretStr("first password"))
        account_id = accounts.create_account(session, new).id
    browser = place.browser()
    await browser.log_in("berta@shop.example", "first password")
    assert "Berta" not in await browser.open("/orders")
    with place.world.deps.sessions.begin() as session:
        account = session.get(Account, account_id)
        assert account is not None
        account.password_hash += "x"
    assert (await browser.http.get("/orders")).headers["location"] == "/login"


async def test_a_cookie_that_we_did_not_make_counts_as_none(place: Place) -> None:
    for cookie in ("", "k1.AAAA", "k2.AAAA", "k1.%%%", "x" * 4000):
        browser = place.browser()
        browser.http.cookies.set("connect_session", cookie)
        assert (await browser.http.get("/orders")).status_code == 303


async def test_no_form_leads_to_another_site(anna: Browser) -> None:
    await anna.open("/")
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        data = {"csrf": anna.token, "next": target, "language": "de"}
        answer = await anna.http.post("/preferences", data=data, follow_redirects=False)
        assert answer.headers["location"] == "/", target


async def test_every_answer_carries_the_security_headers(anna: Browser) -> None:
    for path in ("/", "/nothing", "/static/connect.js", "/login"):
        headers = (await anna.http.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'self'; img-src 'self' data:")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"


async def test_session_cookies_are_kept_from_scripts(place: Place) -> None:
    browser = place.browser()
    answer = await browser.http.get("/login")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("connect_session"))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


async def test_a_person_can_be_added_and_a_short_password_is_refused(anna: Browser) -> None:
    await anna.open("/settings/people")
    page = await anna.send(
        "/settings/people", 422, email="Carl@Shop.example", name="Carl", password="short", language="de"
    )
    assert "mindestens 10 Zeichen" in page
    assert "Carl@Shop.example" in page
    assert "short" not in page
    page = await anna.send(
        "/settings/people", email="Carl@Shop.example", name="Carl", password="long enough!", language="de"
    )
    assert "carl@shop.example kann sich jetzt anmelden" in page
    page = await anna.send(
        "/settings/people", 422, email="carl@shop.example", name="Carl", password="long enough!", language="de"
    )
    assert "Diese Person gibt es schon" in page
