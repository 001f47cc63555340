"""The rules of the order import: pure functions from a channel's order, settings and master data to a draft."""

from erp.rules.decide import decide
from erp.rules.model import (
    ArticleInfo,
    BookedLine,
    BookedOrder,
    CustomerInfo,
    Decision,
    DraftCustomer,
    DraftLine,
    DraftPayment,
    MasterData,
    OrderDraft,
    OssInfo,
    Outcome,
    PaymentInfo,
    ProjectInfo,
    RuleContext,
    ShippingInfo,
    TermInfo,
)
from erp.rules.printing import draft_to_json
from erp.rules.sample import sample_master_data, sample_world

__all__ = [
    "ArticleInfo",
    "BookedLine",
    "BookedOrder",
    "CustomerInfo",
    "Decision",
    "DraftCustomer",
    "DraftLine",
    "DraftPayment",
    "MasterData",
    "OrderDraft",
    "OssInfo",
    "Outcome",
    "PaymentInfo",
    "ProjectInfo",
    "RuleContext",
    "ShippingInfo",
    "TermInfo",
    "decide",
    "draft_to_json",
    "sample_master_data",
    "sample_world",
]
