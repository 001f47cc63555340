"""The other shops of `connect demo`: each system's sandbox, connected, set up from the channel's own lists, and live."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session, col, select

import connectors
import worker
from canonical.channel import ChannelChoice
from canonical.check import CheckReport
from canonical.failure import FailureError
from canonical.feature import Feature, Mode
from canonical.lifecycle import (
    ApplyFilter,
    By,
    ChooseFeatures,
    Configure,
    CreateIntegration,
    ForFeature,
    GoLive,
    IntegrationState,
    ReadCatalogue,
    RunNow,
    ScanPurpose,
    TakeOverArticles,
)
from canonical.runs import Built
from canonical.settings import FeatureSettings, MappingKind
from commands.console import StoryError
from commands.demo_table import Comparison, ShopSummary
from erp import channel_options
from erp.credentials import store_credentials
from erp.feature_settings import mapping_fields
from erp.mappings import set_mapping
from erp.seed import seed_articles
from erp.tables import Warehouse
from erp.warehouses import WarehouseForm, create_warehouse
from sandbox.shop import SimulatedShop
from settings import Settings
from workflows.client import Lifecycle

BY = "demo"
WAREHOUSE, SECOND_WAREHOUSE = "HAUPT", "FILIALE"
"""Where the goods lie, and a second place for shops that keep their locations apart."""
SHARED_SKU = "STORY-TASSE"
"""The article that every shop sells: a sale in one lowers what the others offer."""
VALUES: Mapping[str, Any] = {
    "default_project": "SHOP", "shipping_article": "PORTO", "discount_article": "RABATT", "surcharge_article": "ZUSCHLAG",
    "default_payment": "paypal", "default_payment_if_unmapped": True, "default_shipping": "dhl",
    "default_shipping_if_unmapped": True, "vat_id_trusted": True, "warehouses": [WAREHOUSE], "subtract_reservations": True,
    "data_types": ["master_data"], "send_tracking": True, "cancel_in_channel": True, "send_invoice_pdf": True, "fix_total": False, "default_customer": "",
}  # fmt: skip
"""What a merchant chooses who wants everything; a feature takes those that it has."""
STATES: Mapping[str, Sequence[str]] = {"shopify": ("PAID", "PENDING", "AUTHORIZED", "PARTIALLY_PAID")}
"""The states of orders that this merchant imports, where they are not the connector's own choice."""
WANTED: Mapping[str, str] = {"tax_normal": "19", "tax_reduced": "7", "tax_exempt": "0", "document_type": "INVOICE"}
"""A part of the label or value of the choice that is meant, for settings that are chosen from the channel's lists."""
LEFT_SIDES: Mapping[MappingKind, Sequence[str]] = {
    MappingKind.LOCATION: (WAREHOUSE, SECOND_WAREHOUSE),
    MappingKind.CARRIER: ("DHL",),
    MappingKind.CURRENCY: ("EUR",),
}
"""What is mapped to the channel's choices in tables whose left side is ours."""


def listed_in(shop: SimulatedShop) -> dict[str, str]:
    """The filter's rule that lets exactly the articles of a shop take part."""
    skus = {entry["sku"] for entry in shop.catalogue() if entry.get("sku")}
    return {"field": "number", "operator": "IN", "value": ",".join(sorted(skus)), "format": "list"}


@dataclass
class DemoShop:
    """One shop with its integration."""

    shop: SimulatedShop
    lifecycle: Lifecycle
    sessions: sessionmaker[Session]
    settings: Settings
    id: str = ""
    name: str = ""
    wishes: Mapping[str, Any] = field(default_factory=dict)
    """Chosen before what every shop of the demo has; None leaves a setting as it is."""
    mappings: Mapping[MappingKind, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A marketplace's articles need its categories mapped by a person, so the demo leaves them out there."""
        self.spec = connectors.spec_of(self.shop.key)
        self.id = self.id or f"demo-{self.spec.key}"
        left_out = {Feature.ARTICLES} if self.spec.has_taxonomy else set()
        self.features = tuple(each for each in self.spec.features if each not in left_out)

    async def play(self, tell: Callable[[str], None], ship: Callable[[], Awaitable[None]]) -> None:
        """Everything a merchant does with this shop, until it has confirmed what it was sent.

        `ship` has the warehouse ship; it is asked once the orders are there.
        """
        await self.connect()
        if not self.features:
            tell(f"{self.spec.title}: taking the articles over …")
            await self.take_over()
            return
        tell(f"{self.spec.title}: settings, mappings, article list, go-live …")
        await self.set_up()
        await self.run(Feature.ORDERS)
        await self.until(self.has_imported, "not every order was imported")
        tell(f"{self.spec.title}: shipping, reporting stock, prices, tracking and documents …")
        await self.ship(ship)

    async def ship(self, ship: Callable[[], Awaitable[None]]) -> None:
        """Have the warehouse ship, and send whatever is to be sent."""
        await ship()
        await self.until(self.has_shipped, "nothing was shipped")
        await self.send_all()
        await self.until(self.has_sent, "not everything was confirmed", 240)

    async def connect(self) -> None:
        """Install, create, store credentials, test: the wizard; raises `StoryError` when the test fails."""
        await self.lifecycle.install(self.spec.key, BY)
        name = self.name or f"Demo {self.spec.title}"
        await self.lifecycle.create(CreateIntegration(id=self.id, connector=self.spec.key, name=name, by=BY))
        with self.sessions.begin() as session:
            form = self.spec.credentials.model_validate(self.shop.credentials())
            store_credentials(session, worker.keyring(self.settings), self.id, form)
        await self._send("credentials_stored", By(by=BY))
        report = await self.lifecycle.send(self.id, "test_connection", By(by=BY), CheckReport)
        if not report.ok:
            failed = ", ".join(item.failure.text("en") for item in report.items if item.failure)
            raise StoryError(f"{self.spec.title}: the connection test failed: {failed}")
        await self._send("choose_features", ChooseFeatures(features=self.features, by=BY))

    async def set_up(self) -> None:
        """Play the settings pages, the article filter and both stages of go-live."""
        with self.sessions() as session:
            is_known = bool(channel_options.options(session, self.id))
        # A marketplace permits some of these calls once an hour: a second demo takes what the first one fetched.
        if self.spec.choices and not is_known:
            await self._send("reload_choices", By(by=BY))
        with self.sessions.begin() as session:
            seed_articles(session, self.shop.catalogue(), WAREHOUSE)
            if not session.exec(select(Warehouse.id).where(col(Warehouse.code) == SECOND_WAREHOUSE)).first():
                create_warehouse(session, WarehouseForm(code=SECOND_WAREHOUSE, name="Filiale"))
            choices = channel_options.options(session, self.id)
            values = {feature: self._values(session, feature, choices) for feature in self.features}
            for kind, table in self.mappings.items():
                for left, right in table.items():
                    set_mapping(session, self.id, kind, left, right, BY)
        for feature, chosen in values.items():
            await self._send("configure", Configure(feature=feature, values=chosen, by=BY))
        rules = (listed_in(self.shop),)
        await self.lifecycle.send(self.id, "apply_filter", ApplyFilter(rules=rules, by=BY), Built)
        for feature in self.features:
            await self._send("activate", ForFeature(feature=feature, by=BY))
        if (await self.lifecycle.status(self.id)).mode is not Mode.PRODUCTIVE:
            await self._send("go_live", GoLive(start_at=datetime.now(UTC) - timedelta(days=90), by=BY))

    def _values(
        self, session: Session, feature: Feature, choices: Mapping[str, Sequence[ChannelChoice]]
    ) -> dict[str, Any]:
        """What a merchant would choose on a feature's page: shared wishes, and the channel's own lists."""
        model = self.spec.features[feature].settings
        values: dict[str, Any] = {}
        for name, info in model.model_fields.items():
            kind = str(FeatureSettings.meta(info).get("channel_options") or "")
            if name in self.wishes:
                values |= {name: self.wishes[name]} if self.wishes[name] is not None else {}
            elif name == "import_states":
                values |= {name: STATES[self.spec.key]} if self.spec.key in STATES else {}
            elif name in VALUES:
                values[name] = VALUES[name]
            elif kind and not FeatureSettings.meta(info).get("mapping") and choices.get(kind):
                chosen = _meant(name, choices[kind])
                if chosen is not None:
                    values[name] = (
                        [each.value for each in choices[kind]] if "frozenset" in str(info.annotation) else chosen
                    )
        for name, mapping in mapping_fields(model).items():
            kind = str(FeatureSettings.meta(model.model_fields[name]).get("channel_options") or "")
            offered = [each.value for each in choices.get(kind, ())]
            named = {each.label: each.value for each in choices.get(kind, ())}
            for left, target in zip(LEFT_SIDES.get(mapping, ()), offered, strict=False):
                meant = next((value for label, value in named.items() if left in label), target)
                set_mapping(session, self.id, mapping, left, meant, BY)
        return values

    async def _send(self, update: str, command: BaseModel) -> IntegrationState:
        return await self.lifecycle.send(self.id, update, command, IntegrationState)

    async def run(self, feature: Feature) -> None:
        """Run a feature by hand; its end is waited for by whoever needs it."""
        await self._send("run_now", RunNow(feature=feature, by=BY))

    async def send_all(self) -> None:
        """Run every feature that sends, instead of waiting for its schedule."""
        for feature in self.features:
            if feature is not Feature.ORDERS:
                await self.run(feature)

    async def take_over(self) -> None:
        """The initial import: migration mode, identify, take over (D§1.6); once."""
        if self._scan() == "finished":
            return
        await self._send("start_migration", By(by=BY))
        await self._send("read_catalogue", ReadCatalogue(purpose=ScanPurpose.IMPORT, by=BY))
        await self.until(lambda: self._scan() == "read", "the articles were not read")
        await self._when_free("take_over_articles", TakeOverArticles(by=BY))
        await self.until(lambda: self._scan() == "finished", "the articles were not taken over")
        await self._when_free("end_migration", By(by=BY))

    async def _when_free(self, update: str, command: BaseModel) -> None:
        """Ask until the integration has noticed that what ran before is over; raises `FailureError` STATE_FORBIDS after a minute."""
        for seconds in range(60):
            try:
                await self._send(update, command)
                return
            except FailureError as error:
                if error.failure.code != "STATE_FORBIDS" or seconds == 59:
                    raise
            await asyncio.sleep(1)

    def _scan(self) -> str:
        state = self.number("SELECT max(state || code) FROM scan WHERE integration_id = :id AND purpose = 'import'")
        if str(state).startswith("failed"):
            raise StoryError(f"{self.spec.title}: {state}")
        return str(state)

    async def until(self, holds: Callable[[], bool], complaint: str, seconds: float = 120) -> None:
        """Wait until something holds; raises `StoryError`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not await asyncio.to_thread(holds):
            if asyncio.get_running_loop().time() > deadline:
                raise StoryError(f"{self.spec.title}: {complaint}{self._reasons()}")
            await asyncio.sleep(0.1)

    def _reasons(self) -> str:
        """Why documents wait and records were refused, each reason once."""
        reasons = (
            "SELECT DISTINCT code || ' ' || params::text FROM (SELECT f ->> 'code' AS code, f -> 'params' AS params"
            " FROM inbox_document, jsonb_array_elements(findings) AS f WHERE integration_id = :id AND state <> 'booked'"
            " UNION ALL SELECT kind || ' ' || code, params FROM link WHERE integration_id = :id AND code <> ''"
            " UNION ALL SELECT feature || ' ' || code, params FROM run WHERE integration_id = :id AND code <> '') AS all_of_them LIMIT 10"
        )
        with self.sessions() as session:
            return "".join(f"\n  {row[0]}" for row in session.execute(text(reasons), {"id": self.id}))

    def number(self, query: str, **given: object) -> Any:
        """One value from the database."""
        with self.sessions() as session:
            return session.execute(text(query), {"id": self.id, **given}).scalar_one()

    def has_imported(self) -> bool:
        """Whether every importable order of the shop is in the ERP."""
        wanted = {ref for ref, facts in self.shop.ledger().orders.items() if facts.is_importable}
        return wanted <= set(Comparison(self.shop, self.id, self.features, self.sessions).booked())

    def has_shipped(self) -> bool:
        """Whether an order of the shop left the warehouse."""
        query = (
            "SELECT count(*) FROM shipment s JOIN sales_order o ON o.id = s.order_id WHERE o.integration_id = :id"
            " AND s.state = 'shipped'"
        )
        return bool(self.number(query))

    def has_sent(self) -> bool:
        """Whether nothing waits to be sent."""
        return not self.number(
            "SELECT count(*) FROM link WHERE integration_id = :id AND dirty_at IS NOT NULL AND state <> 'failed'"
        )

    def compared(self) -> ShopSummary:
        """Compare shop and ERP record by record."""
        return Comparison(self.shop, self.id, self.features, self.sessions).summary()


def _meant(name: str, choices: Sequence[ChannelChoice]) -> str | None:
    wanted = WANTED.get(name)
    if wanted is not None:
        fitting = (each.value for each in choices if wanted in each.label or wanted in each.value)
        return next(fitting, choices[0].value if name == "document_type" else None)
    return choices[0].value
