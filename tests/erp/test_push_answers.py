"""What a channel is told about orders before goods leave: accepted, refused, in progress; each once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from canonical.feature import Feature
from canonical.order import ChannelState
from canonical.push import AnswerKind
from canonical.runs import Counts
from canonical.settings import OrderSettings
from erp.order_replies import request_reply
from erp.tables import JournalEvent, Link, OrderReply
from tests.erp.order_kit import NOW, Importer, codes, judge, line, order
from tests.erp.push_kit import Channel, refuse

UNTIL = NOW + timedelta(days=2)


class Answering(OrderSettings):
    """The settings of connectors that answer orders."""

    auto_accept: bool = True
    report_in_progress: bool = False
    mail_on_in_progress: bool = False


def waiting(**values: Any) -> Any:
    """An order that the channel wants accepted first, in a state that is not imported."""
    given = {"awaits_answer": True, "answer_until": UNTIL, "channel_state": "WAITING_ACCEPTANCE"} | values
    return order(line("A-1", ref="l1"), line("A-2", ref="l2"), **given)


@pytest.fixture
def importer(session: Session) -> Importer:
    made = Importer(session, order(line("A-1"), line("A-2")))
    made.settings = Answering.model_validate(made.settings.model_dump())
    return made


@pytest.fixture
def channel(session: Session, importer: Importer) -> Channel:
    return Channel(session, Feature.ORDERS, importer.settings)


def test_an_order_that_waits_to_be_accepted_is_parked_with_its_deadline() -> None:
    decision = judge(waiting())
    assert (decision.outcome, codes(decision)) == ("reject", ["ACCEPTANCE_PENDING"])
    assert decision.findings[0].params == {"until": "2026-11-24 12:00 UTC"}
    assert "2026-11-24" in decision.findings[0].text("de")
    assert codes(judge(waiting(answer_until=None))) == ["ACCEPTANCE_PENDING"]


def test_a_cancelled_order_waits_for_nothing() -> None:
    assert codes(judge(waiting(state=ChannelState.CANCELLED))) == ["CANCELLED_BEFORE_IMPORT"]


def test_an_order_is_accepted_by_itself_and_booked_when_its_next_version_comes(
    importer: Importer, channel: Channel
) -> None:
    assert importer.run(waiting()) == Counts(parked=1)
    (answer,) = channel.send()
    assert (answer.key, answer.order_ref, answer.kind) == ("accept:100", "100", AnswerKind.ACCEPT)
    assert (answer.lines, answer.notify, answer.is_repeat) == (("l1", "l2"), False, False)
    assert importer.run(waiting()) == Counts(parked=1)
    assert channel.send() == [], "it was accepted already"
    accepted = order(line("A-1", ref="l1"), line("A-2", ref="l2"), modified_at=NOW)
    assert importer.run(accepted) == Counts(good=1)
    events = ["order_accepted", "parked", "sent", "parked", "booked"]
    assert [name for name, _ in importer.events()] == events, "the journal of the order tells both ways"


def test_without_automatic_acceptance_a_person_decides_and_the_last_word_counts(
    session: Session, importer: Importer, channel: Channel
) -> None:
    importer.run(waiting(), auto_accept=False)
    assert channel.send() == []
    assert request_reply(session, "shop-1", "100", AnswerKind.ACCEPT, ["l1", "l2"], "jo")
    assert request_reply(session, "shop-1", "100", AnswerKind.REFUSE, ["l1", "l2"], "mia")
    assert [answer.kind for answer in channel.send()] == [AnswerKind.REFUSE]
    assert request_reply(session, "shop-1", "100", AnswerKind.ACCEPT, ["l1", "l2"], "jo")
    assert [answer.kind for answer in channel.send()] == [AnswerKind.ACCEPT]
    assert not request_reply(session, "shop-1", "100", AnswerKind.ACCEPT, ["l1", "l2"], "jo"), "said already"
    told = select(JournalEvent.event, JournalEvent.actor).where(JournalEvent.hop == "erp_to_hub")
    assert list(session.exec(told)) == [("order_accepted", "jo"), ("order_refused", "mia"), ("order_accepted", "jo")]


def test_what_a_person_refused_is_not_accepted_by_itself(
    session: Session, importer: Importer, channel: Channel
) -> None:
    request_reply(session, "shop-1", "100", AnswerKind.REFUSE, ["l1"], "jo")
    importer.run(waiting())
    assert [answer.kind for answer in channel.send()] == [AnswerKind.REFUSE]
    assert len(session.exec(select(OrderReply)).all()) == 1


def test_an_answer_that_the_channel_refused_is_tried_again_by_hand_only(
    session: Session, importer: Importer, channel: Channel
) -> None:
    importer.run(waiting())
    assert len(channel.send(refuse("ORDER_STATE_FORBIDS", order="100", state="CANCELED"))) == 1
    importer.run(waiting())
    assert channel.send() == []
    assert channel.link("accept:100").code == "ORDER_STATE_FORBIDS"
    request_reply(session, "shop-1", "100", AnswerKind.ACCEPT, [], "jo")
    (answer,) = channel.send()
    assert answer.is_repeat
    assert answer.lines == ("l1", "l2")


@pytest.mark.parametrize("mails", [True, False])
def test_an_imported_order_is_reported_in_progress_once(importer: Importer, channel: Channel, mails: bool) -> None:
    importer.run(order(), report_in_progress=True, mail_on_in_progress=mails)
    (answer,) = channel.send()
    assert (answer.kind, answer.order_ref, answer.notify) == (AnswerKind.IN_PROGRESS, "100", mails)
    importer.run(order(modified_at=NOW), report_in_progress=True)
    assert channel.send() == []


def test_nothing_is_reported_of_what_was_not_booked_or_does_not_leave_from_here(
    session: Session, importer: Importer, channel: Channel
) -> None:
    importer.run(order(line("UNKNOWN")), order(external_id="101", is_pos=True), report_in_progress=True)
    importer.run(order(external_id="102"))
    assert channel.send() == []
    assert session.exec(select(Link).where(Link.kind == "orders")).all() == []


def test_connectors_without_these_settings_answer_nothing(session: Session) -> None:
    importer = Importer(session, order(line("A-1"), line("A-2")))
    importer.run(waiting(), order(external_id="101"))
    assert session.exec(select(OrderReply)).all() == []


def test_an_answer_is_asked_for_again_by_the_orders_id(importer: Importer, channel: Channel) -> None:
    importer.run(order(), report_in_progress=True)
    channel.send()
    assert [answer.is_repeat for answer in channel.send(records=["100"], run="by-hand")] == [True]
