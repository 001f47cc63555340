"""Which names mean the same: compared only where they share a rare word, so that 100,000 × 100,000 take seconds; pure."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from rapidfuzz import fuzz, process

RAREST, COMMON, MOST = 3, 200, 40
"""Words per name that are looked up, rarest first; names looked at per word; names compared at most."""
SPELT = 4
"""Letters from which on a word that nobody has may be a slip of the pen; shorter ones are alike by chance."""
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
    spellings = _spellings(places)
    found = []
    for each in left:
        name = words_of(each.name)
        near = _near(name, places, spellings)
        if not near:
            continue
        best = process.extractOne(name, [names[place] for place in near], scorer=fuzz.ratio, score_cutoff=enough)
        if best is not None:
            score = Decimal(str(round(best[1] / 100, 3)))
            found.append(Match(each.id, right[near[best[2]]].id, min(score, Decimal("0.999"))))
    return found


def _spellings(words: Iterable[str]) -> dict[str, list[str]]:
    """Words by each form that they have with a letter less, and by themselves: what is one slip away shares such a form."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in words:
        if len(word) >= SPELT and word.isalpha():
            for form in _with_a_letter_less(word):
                found[form].append(word)
    return found


def _with_a_letter_less(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _near(name: str, places: Mapping[str, list[int]], spellings: Mapping[str, list[str]]) -> list[int]:
    """Places of names that share the rarest words, a rarer one counting for more. A word that none has counts as its like."""
    words: set[str] = set()
    for word in name.split():
        if word in places:
            words.add(word)
        elif len(word) >= SPELT and word.isalpha():
            words.update(like for form in _with_a_letter_less(word) for like in spellings.get(form, ()))
    shared: dict[int, float] = defaultdict(float)
    for word in sorted(words, key=lambda word: (len(places[word]), word))[:RAREST]:
        weight = 1 / len(places[word])
        for place in places[word][:COMMON]:
            shared[place] += weight
    return sorted(shared, key=shared.__getitem__, reverse=True)[:MOST]
