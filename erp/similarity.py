"""Which names mean the same: compared only where they share a rare word, so that 100,000 × 100,000 take seconds; pure."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from rapidfuzz import fuzz, process

RAREST, COMMON, MOST = 3, 200, 40
"""Words per name that are looked up, rarest first; names looked at per word; names compared at most."""
_WORD = re.compile(r"[^\W_]+")


class Candidate(NamedTuple):
    """A name with its id; only names of the same structure are compared."""

    id: int
    name: str
    structure: str


class Match(NamedTuple):
    """Two names that are alike; the score is between 0 and 1."""

    left: int
    right: int
    score: Decimal


def words_of(name: str) -> str:
    """A name as it is compared: lower case, accents and umlauts written out, words in alphabetical order."""
    plain = name.lower().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    decomposed = unicodedata.normalize("NFKD", plain)
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(sorted(_WORD.findall(letters)))


def best_matches(left: Sequence[Candidate], right: Sequence[Candidate], enough: int) -> list[Match]:
    """The best counterpart of each name on the left, at least `enough` percent alike; each on the right only once.

    Where two on the left want the same, the more alike one gets it. Deterministic.
    """
    found: list[Match] = []
    for structure in sorted({each.structure for each in left}):
        mine = [each for each in left if each.structure == structure]
        theirs = [each for each in right if each.structure == structure]
        found += _matches(mine, theirs, enough)
    best: dict[int, Match] = {}
    for match in found:
        rival = best.get(match.right)
        if rival is None or (match.score, -match.left) > (rival.score, -rival.left):
            best[match.right] = match
    return sorted(best.values())


def _matches(left: Sequence[Candidate], right: Sequence[Candidate], enough: int) -> list[Match]:
    names = [words_of(each.name) for each in right]
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        for word in set(name.split()):
            places[word].append(place)
    found = []
    for each in left:
        name = words_of(each.name)
        near = _near(name, places)
        if not near:
            continue
        best = process.extractOne(name, [names[place] for place in near], scorer=fuzz.ratio, score_cutoff=enough)
        if best is not None:
            score = Decimal(str(round(best[1] / 100, 3)))
            found.append(Match(each.id, right[near[best[2]]].id, min(score, Decimal("0.999"))))
    return found


def _near(name: str, places: dict[str, list[int]]) -> list[int]:
    """Places of names that share the rarest words; those that share most come first."""
    known = sorted({word for word in name.split() if word in places}, key=lambda word: (len(places[word]), word))
    shared: Counter[int] = Counter()
    for word in known[:RAREST]:
        shared.update(places[word][:COMMON])
    return [place for place, _ in shared.most_common(MOST)]
