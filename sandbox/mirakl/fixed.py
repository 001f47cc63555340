"""Operations whose answers follow from the operator's set-up: version, account, reasons, carriers, document types, taxes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.mirakl.amounts import CALCULATION
from sandbox.mirakl.answers import link_header
from sandbox.mirakl.errors import bad_request
from sandbox.mirakl.model import CURRENCY, TAX_CODES, text
from sandbox.mirakl.parameters import Call

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
OPENED = datetime(2024, 5, 6, 9, tzinfo=UTC)
# Code → (type, label, whether the shop may use it).
REASONS = {
    "1": ("INCIDENT_OPEN", "Artikel nicht erhalten", False),
    "10": ("INCIDENT_CLOSE", "Ersatz erhalten", False),
    "11": ("INCIDENT_CLOSE", "Einigung mit dem Kunden", True),
    "14": ("REFUND", "Keine Antwort des Händlers", False),
    "15": ("REFUND", "Nicht auf Lager", True),
    "16": ("REFUND", "Vom Kunden vor Versand storniert", True),
    "17": ("REFUND", "Artikel zurückgeschickt", True),
    "18": ("REFUND", "Artikel nicht erhalten", True),
    "26": ("ORDER_MESSAGING", "Andere Frage", True),
    "34": ("CANCELATION", "Vom Kunden vor Versand storniert", True),
    "35": ("CANCELATION", "Nicht auf Lager", True),
}
REASON_TYPES = (
    *("INCIDENT_OPEN", "INCIDENT_CLOSE", "REFUND", "MPS_REFUND", "MESSAGING", "ORDER_MESSAGING", "MPS_ORDER_MESSAGING"),
    *("OFFER_MESSAGING", "CANCELATION", "MMP_SELLER_MESSAGING", "MPS_SELLER_MESSAGING", "REFUSAL"),
)
CARRIERS: dict[str, Json] = {
    code: {"code": code, "label": label, "standard_code": code.lower(), "tracking_url": url}
    for code, label, url in (
        ("DHL", "DHL Paket", "https://tracking.example/dhl?id={trackingId}"),
        ("DPD", "DPD", "https://tracking.example/dpd?id={trackingId}"),
        ("GLS", "GLS", "https://tracking.example/gls?id={trackingId}"),
        ("HERMES", "Hermes", "https://tracking.example/hermes?id={trackingId}"),
    )
}
# Code → (label, entity). Types that begin with SYSTEM_ cannot be uploaded by sellers.
DOCUMENT_TYPES = {
    "SYSTEM_DELIVERY_BILL": ("Lieferschein des Marktplatzes", "ORDER"),
    "CUSTOMER_INVOICE": ("Rechnung", "ORDER"),
    "CUSTOMER_CREDIT_NOTE": ("Gutschrift", "ORDER"),
    "ID_CARD": ("Ausweis der Geschäftsführung", "SHOP"),
}
ADDITIONAL_FIELDS: dict[str, Json] = {
    "gift-message": {"entity": "ORDER_LINE", "label": "Geschenkgruß", "type": "STRING"},
    "internal-reference": {"entity": "ORDER", "label": "Interne Referenz", "type": "STRING"},
    "invoice-number": {"entity": "ORDER", "label": "Rechnungsnummer", "type": "STRING"},
    "floor": {"entity": "ORDER", "label": "Stockwerk", "type": "NUMERIC"},
    "ecotax": {"entity": "OFFER", "label": "Öko-Abgabe", "type": "NUMERIC"},
}
OFFER_STATES = {"11": "Neu", "10": "Generalüberholt", "1": "Gebraucht – wie neu"}
SHIPPING_ZONES = {"DE": "Deutschland", "AU": "Österreich", "FR": "Frankreich", "CH": "Schweiz"}


def operations(shop: MiraklShop) -> dict[str, tuple[str, str, Callable[[Call], Any]]]:
    """Method, path and handler by operation."""
    api = FixedApi(shop)
    return {
        "V01": ("GET", "/api/version", api.version),
        "A01": ("GET", "/api/account", api.account),
        "PC01": ("GET", "/api/platform/configuration", api.configuration),
        "AF01": ("GET", "/api/additional_fields", api.additional_fields),
        "DO01": ("GET", "/api/documents", api.document_types),
        "RE01": ("GET", "/api/reasons", api.reasons),
        "RE02": ("GET", "/api/reasons/{reason_type}", api.reasons_of_type),
        "SH11": ("GET", "/api/shipping/zones", api.zones),
        "SH12": ("GET", "/api/shipping/types", api.shipping_types),
        "SH21": ("GET", "/api/shipping/carriers", api.carriers),
        "OR75": ("GET", "/api/orders/taxes", api.taxes),
        "CH11": ("GET", "/api/channels", api.channels),
        "IV01": ("GET", "/api/invoices", api.invoices),
    }


class FixedApi:
    """Handlers of these operations."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop

    def version(self, _call: Call) -> Json:
        """V01: the instance is there; its body is not described by the vendor."""
        return {"version": "2026.11-SANDBOX"}

    def account(self, _call: Call) -> Json:
        """A01: the seller's shop."""
        shop = self._shop
        channels = list(shop.terms.channels)
        return {
            "applicable_taxes": [{"code": "TAXDEFAULT", "fee_types": ["COMMISSION"], "label": "USt. 19 %"}],
            "billing_info": {},
            "channels": channels,
            "contact_informations": _contact(),
            "currency_iso_code": CURRENCY,
            "date_created": text(OPENED),
            "default_billing_information": {
                "default_language": "de_DE",
                "id": "5d1c2f0e-6f7e-4c8b-9a34-1c5f4f0f8d11",
                "registration_address": {"city": "Hamburg", "country_iso_code": "DEU", "street_1": "Speicherweg 4"},
            },
            "domains": ["PRODUCT"],
            "evaluations_count": 12,
            "free_shipping": False,
            "is_professional": True,
            "last_updated_date": text(OPENED),
            "model": "MARKETPLACE",
            "offers_count": len(shop.offers),
            "orders_count": len(shop.orders),
            "payment_details": {name: Decimal(0) for name in ("paid_balance", "payable_balance", "pending_balance")},
            "payment_method_mandatory": False,
            "premium": False,
            "pro_details": {},
            "shipping": {"lead_time_to_ship": 2},
            "shipping_country": "DEU",
            "shipping_types": ["STD", "EXP"],
            "shipping_zones": list(SHIPPING_ZONES),
            "shippings": [],
            "shop_additional_fields": [],
            "shop_id": shop.shop_id,
            "shop_name": "Nordlicht Handel",
            "shop_state": "OPEN",
        }

    def configuration(self, _call: Call) -> Json:
        """PC01: what the operator switched on."""
        shop = self._shop
        return {
            "features": _features(shop),
            "modules": {
                "mirakl_catalog_integrator": True,
                "mirakl_catalog_manager": True,
                "mirakl_catalog_transformer": True,
                "mirakl_platform_services": False,
                "offer_management": True,
                "order_management": True,
                "promotions": True,
                "quotes": False,
                "tax_manager": {"activated": False, "tax_provider": {"avalara": False, "vertex": False}},
            },
            "platform_configuration": {
                "customer_model": {"b2b": False, "b2c": True},
                "enhanced_seller_invoicing": {"enabled": False},
                "platform_model": {"drop_ship": False, "marketplace": True, "one_creditor": False},
            },
            "platform_name": "Sandkasten",
            "tenant_name": "sandkasten-test",
            "timezone": "Europe/Berlin",
        }

    def additional_fields(self, call: Call) -> Json:
        """AF01: the operator's own fields, of all entities or of some."""
        wanted = call.codes("entities")
        fields = [
            {"code": code, "description": entry["label"], "editable": True, "required": False, **entry}
            for code, entry in ADDITIONAL_FIELDS.items()
            if not wanted or entry["entity"] in wanted
        ]
        return {"additional_fields": fields, "total_count": len(fields)}

    def document_types(self, call: Call) -> Json:
        """DO01: the types that documents can have."""
        wanted = call.codes("entities")
        return {
            "documents": [
                {
                    "code": code,
                    "description": label,
                    "entity": entity,
                    "label": label,
                    "mime_types": ["application/pdf"],
                }
                for code, (label, entity) in DOCUMENT_TYPES.items()
                if not wanted or entity in wanted
            ]
        }

    def reasons(self, _call: Call) -> Json:
        """RE01: all reasons."""
        reasons = [
            {"code": code, "is_shop_right": is_shop_right, "label": label, "type": kind}
            for code, (kind, label, is_shop_right) in REASONS.items()
        ]
        return {"reasons": reasons, "total_count": len(reasons)}

    def reasons_of_type(self, call: Call) -> Json:
        """RE02: the reasons of one type."""
        wanted = call.ids["reason_type"]
        if wanted not in REASON_TYPES:
            raise bad_request(f"reason_type: '{wanted}' is not a valid value")
        reasons = [{"code": code, "label": label} for code, (kind, label, _) in REASONS.items() if kind == wanted]
        return {"reasons": reasons, "total_count": len(reasons)}

    def zones(self, _call: Call) -> Json:
        """SH11: where the marketplace ships to."""
        zones = [{"code": code, "description": name, "label": name} for code, name in SHIPPING_ZONES.items()]
        return {"shipping_zones": zones}

    def shipping_types(self, _call: Call) -> Json:
        """SH12: how goods are shipped."""
        return {
            "shipping_types": [
                {
                    "click_and_collect": code == "PICKUP",
                    "code": code,
                    "delivery_by_operator": False,
                    "description": label,
                    "label": label,
                    "mandatory_tracking": False,
                    "standard_code": f"CU_ADD-{code}",
                }
                for code, label in (("STD", "Standard"), ("EXP", "Express"), ("PICKUP", "Paketshop"))
            ]
        }

    def carriers(self, _call: Call) -> Json:
        """SH21: the registered carriers by label."""
        return {"carriers": sorted(CARRIERS.values(), key=lambda carrier: str(carrier["label"]))}

    def taxes(self, _call: Call) -> Json:
        """OR75: the tax codes of orders."""
        return {
            "taxes": [
                {"code": code, "label": name, "tax_calculation_rule": CALCULATION} for name, code in TAX_CODES.items()
            ]
        }

    def channels(self, _call: Call) -> Json:
        """CH11: where the operator sells."""
        return {
            "channels": [
                {"code": code, "label": label, "description": label}
                for code, label in self._shop.terms.channels.items()
            ]
        }

    def invoices(self, call: Call) -> Json:
        """IV01: the operator's bills; this operator has not written any yet."""
        call.window()
        link_header(call, f"{self._shop.base_url}/api/invoices", 0)
        return {"invoices": [], "total_count": 0}


def _contact() -> Json:
    return {
        "city": "Hamburg",
        "civility": "Mr",
        "country": "DEU",
        "email": "shop@nordlicht.example",
        "firstname": "Ole",
        "lastname": "Petersen",
        "street1": "Speicherweg 4",
        "zip_code": "20457",
    }


def _features(shop: MiraklShop) -> Json:
    return {
        "catalog": {
            "allow_shop_contribution_to_all_channels": False,
            "exclude_invalid_products": True,
            "list_of_multiple_values_separator": "|",
            "product_acceptance_by_channel": False,
            "product_data_validation_by_channel": False,
            "product_import_only_on_leaf": True,
        },
        "circular_economy_data_collection": False,
        "competitive_pricing_tool": False,
        "direct_payment_customer_store": {"activated": False, "refund_cancel_authorized": False},
        "disable_seller_alternative_carrier": False,
        "dropship": {},
        "kyc_status_per_seller": False,
        "lead_time_to_ship_by_sellers_enabled": "YES",
        "multi_currency": False,
        "multi_payout_psp_per_seller": False,
        "no_reply_needed": False,
        "offer_prices_decimals": "2",
        "operator_csv_delimiter": "SEMICOLON",
        "order_conditions": {
            "lead_time_to_ship": True,
            "maximum_order_quantity": False,
            "minimum_order_quantity": False,
            "package_order_quantity": False,
        },
        "order_tax_mode": shop.terms.tax_mode,
        "order_workflows": {
            "no_customer_payment_confirmation": False,
            "order_acceptance": "NOT_AUTOMATIC" if shop.needs_acceptance else "AUTOMATIC",
            "pause_debit_workflow": False,
            "pay_on_due_date": False,
            "pay_on_shipment": False,
            "sellers_edit_shipping_origin": False,
            "shipping_and_billing_details_before_acceptance": not shop.hides_addresses,
        },
        "payment_confirmation": False,
        "pricing": {
            "channel_pricing": "SINGLE",
            "discount_period_required": False,
            "discount_price_creation_in_the_past_blocked": False,
            "scheduled_pricing": False,
            "volume_discount": False,
            "volume_pricing": True,
        },
        "product_data_validation_by_channel": False,
        "promotion": {"cart_promotion_campaign": False, "discount_campaign": False, "seller_promotion": True},
        "returns": {"marketplace": False},
        "shipment": {"multi_part_item_shipment": False, "multi_shipment": shop.multi_shipment},
        "shop_tax_options": {"tax_identification_number": {"mandatory": False}},
        "tax_collection": {"activated": "NO", "product_tax_code_mandatory": False, "tax_collection_by_operator": False},
        "tax_id_number": {"mandatory": False},
        "warehouses": {"geolocation": False, "restricted_countries": []},
    }
