"""The measurements with channels: tiny runs that check their own result, and that notice a wrong one."""

from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from bench import BenchError, initial_import, pairing, rates
from bench.invented import SHOP
from erp.database import make_sessions
from erp.limits import AccountLimiter, Rate
from erp.similarity import Candidate, best_matches
from erp.tables import Integration

ARTICLES = 300


@pytest.fixture
def store(session: Session) -> Session:
    """A store with an integration and nothing else."""
    session.add(Integration(id=SHOP, connector="bench", name="Bench"))
    session.commit()
    return session


@pytest.fixture
def paired(store: Session) -> Session:
    """A store in which a channel's listings were paired."""
    names = pairing.made_up_names(ARTICLES, Random(1))
    pairing._fill(store, names)
    pairing._store(store, names)
    pairing._propose(store)
    return store


def test_listings_are_paired_and_each_pair_is_checked(paired: Session) -> None:
    found = pairing._judge(paired, ARTICLES)
    assert (found.by_sku, found.by_ean, found.names) == (100, 100, 90)
    assert found.names_right >= 85 and "none doubled" in found.text()


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("UPDATE listing SET article_id = (SELECT min(id) FROM article) WHERE ref = 'L3'", "exact ones are wrong"),
        ("UPDATE listing SET article_id = NULL, how = '' WHERE how = 'name'", "names 0 were found"),
        ("UPDATE listing SET article_id = (SELECT min(id) FROM article WHERE ean <> '') WHERE how = 'name'", "proposed twice"),
        ("DELETE FROM listing WHERE ref = 'L2'", "299 of 300 listings"),
    ],
)  # fmt: skip
def test_wrong_pairs_are_noticed(paired: Session, harm: str, complaint: str) -> None:
    paired.execute(text(harm))
    with pytest.raises((BenchError, KeyError), match=complaint):
        pairing._judge(paired, ARTICLES)


def test_proposing_again_writes_nothing(paired: Session) -> None:
    versions = text("SELECT array_agg(xmin::text ORDER BY id) FROM listing")
    before = paired.execute(versions).scalar_one()
    pairing._propose(paired)
    assert paired.execute(versions).scalar_one() == before


@pytest.mark.parametrize(
    "written", ["Becher Kilomra blau", "Becher Kilmora blau", "Becher Kilmoraa blau", "Becher Kimora blau"]
)
def test_a_rare_word_with_a_slip_of_the_pen_is_found(written: str) -> None:
    many = [Candidate(n, f"Becher Serie{n} blau", "simple") for n in range(400)]
    matches = best_matches(
        [Candidate(1, written, "simple")], [*many, Candidate(999, "Becher Kilmora blau", "simple")], 70
    )
    assert [match.right for match in matches] == [999]


def test_an_import_that_is_killed_goes_on_and_takes_each_article_over_once(
    store: Session, engine: Engine, tmp_path: Path
) -> None:
    sessions, url = make_sessions(engine), engine.url.render_as_string(hide_password=False)
    with initial_import._served(800) as shop:
        initial_import._prepare(sessions, tmp_path, shop["credentials"])
        kept = initial_import._read_and_die(sessions, url, tmp_path, 800)
        assert kept >= 160
        activities = initial_import._activities(sessions, tmp_path)
        assert initial_import._read_on(sessions, activities, kept) > 0
        assert initial_import._take_over(activities) > 0
        assert initial_import._check(sessions, shop["articles"]) >= 800
        for harm in (
            "UPDATE price SET amount = amount + 1 WHERE id = (SELECT min(p.id) FROM price p JOIN article a ON a.id = p.article_id AND a.kind = 'simple')",
            "UPDATE article SET parent_id = (SELECT max(id) FROM article WHERE kind = 'matrix') WHERE kind = 'variant'",
        ):
            with sessions() as harmed:
                harmed.execute(text(harm))
                harmed.commit()
            with pytest.raises(BenchError):
                initial_import._check(sessions, shop["articles"])
            with sessions.begin() as mended:
                mended.execute(
                    text(
                        "UPDATE price SET amount = amount - 1 WHERE id = (SELECT min(p.id) FROM price p JOIN article a ON a.id = p.article_id AND a.kind = 'simple')"
                    )
                )


def test_points_are_counted_and_no_call_is_refused(engine: Engine) -> None:
    case = next(each for each in rates.cases() if each.name == "Shopify")
    found = rates._measured(make_sessions(engine), case, 1)
    assert found.used > 0 and found.refused == 0
    assert found.share <= 1.05 and "points" in rates.RatesResult(shares=[found]).text()


def test_what_a_vendor_has_left_is_not_given_out_twice(engine: Engine) -> None:
    limiter = AccountLimiter(make_sessions(engine), "a", Rate(10, 100), {})
    limiter.acquire(60)
    limiter.correct(100, per_second=10, most=100)
    assert 80 < _tokens(engine, "a") < 95, "what was reckoned too high comes back but for a second's worth"
    limiter.acquire(5)
    limiter.correct(98, per_second=10, most=100)
    assert 80 < _tokens(engine, "a") < 93, "the five are under way still"
    limiter.correct(3, per_second=10, most=100)
    assert _tokens(engine, "a") == 3


def test_a_lane_keeps_a_little_more_apart_than_it_must(engine: Engine) -> None:
    limiter = AccountLimiter(make_sessions(engine), "a", Rate(10, 100), {"slow": Rate(0.1, 1)})
    limiter.acquire(lane="slow")
    with engine.begin() as connection:
        connection.execute(text("UPDATE rate_bucket SET tokens = 0, updated_at = clock_timestamp() - interval '10 s'"))
        query = text("SELECT LEAST(1, tokens + :rate * 10) FROM rate_bucket WHERE account = 'a/slow'")
        assert connection.execute(query, {"rate": limiter._rate_of("slow").per_second}).scalar_one() < 1


def _tokens(engine: Engine, account: str) -> float:
    with engine.connect() as connection:
        return float(
            connection.execute(text("SELECT tokens FROM rate_bucket WHERE account = :a"), {"a": account}).scalar_one()
        )
