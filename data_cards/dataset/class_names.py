"""The key that all spellings of a name share, and the id and title made from a name.

    name_key("Blue_vase ") == name_key("blue vase")        one class
    name_key("C++") != name_key("C")                       two classes

A class is known by the names that people wrote: its title, its aliases, the folder it came from.
An id is made from one of them and loses signs on the way, so an id alone never decides which
class a name means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import count

RESERVED = frozenset({"none", "unknown"})
LONGEST_ID = 80

# Signs without a width or a meaning of their own: soft hyphen, zero-width space and non-joiner,
# marks of direction, word joiner, byte order mark, and the selectors between a plain and a coloured
# emoji.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
JOINER = "\u200d"
# Decompositions that are another spelling of the same letter. Superscripts, circled and
# mathematical letters are left as they are: x² and x2 may be two classes.
SAME_LETTER = frozenset(("<wide>", "<narrow>", "<noBreak>", "<compat>"))
QUOTES = str.maketrans(
    {"‘": "'", "’": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"'}
)
SEPARATORS = re.compile("[ _]+|-")
# Signs that tell two things apart, as words for an id. Other symbols are called what Unicode calls
# them.
SIGN_WORDS = {
    "+": "plus",
    "#": "sharp",
    "&": "and",
    "%": "percent",
    "@": "at",
    "*": "star",
    "$": "dollar",
}
UNSPOKEN = frozenset("©®™")
# two of these letters are a flag
FIRST_REGIONAL = 0x1F1E6
LAST_REGIONAL = 0x1F1FF


@lru_cache(maxsize=10_000)  # a list says the same few names many thousand times
def name_key(name: str) -> str:
    """What all spellings of one name share; two names are the same where their keys are equal.

    Folded are: composed and decomposed letters (NFC and NFD), full and half width, ligatures,
    upper and lower case (but for a name of one letter: an alphabet may have both A and a), signs
    that cannot be seen, kinds of dashes and of quotes, blanks at the ends and several in a row,
    one hyphen or any underscores between two letters or digits (as a blank), and dots at the
    end. Every other sign counts, so C++ is not C, A- is not A, -1 is not 1, and each emoji is
    its own name. The key of a key is itself.
    """
    key = _folded(_visible(name))
    while (again := _folded(key)) != key:
        key = again
    return key


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFC", "".join(map(_same_letter, text)))
    text = _visible(text).translate(QUOTES)
    text = "".join("-" if _is_dash(sign) else sign for sign in text)
    text = _spaced(text)
    text = re.sub(r"(?<=[^. ])[. ]+$", "", text)
    if len(text) > 1:
        text = text.casefold()
    return unicodedata.normalize("NFC", text)


def _same_letter(sign: str) -> str:
    if sign in "´¨" or unicodedata.decomposition(sign).partition(" ")[0] not in SAME_LETTER:
        return sign
    return unicodedata.normalize("NFKC", sign)


def _visible(text: str) -> str:
    """Without signs that cannot be seen. The joiner stays inside an emoji, where it makes
    another picture."""
    text = INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    if JOINER in text:
        text = "".join(
            sign for place, sign in enumerate(text) if sign != JOINER or _joins(text, place)
        )
    return "".join(sign for sign in text if sign.isspace() or unicodedata.category(sign) != "Cc")


def _joins(text: str, place: int) -> bool:
    around = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
    return len(around) == 2 and unicodedata.category(around[1]) == "So"


def _is_dash(sign: str) -> bool:
    return sign == "\N{MINUS SIGN}" or unicodedata.category(sign) == "Pd"


def _spaced(text: str) -> str:
    """Blanks in a row are one; so are underscores, or one hyphen, between two letters or digits."""
    text = " ".join(text.split())

    def blank(found: re.Match[str]) -> str:
        before = text[: found.start()]
        after = text[found.end() :]
        if before and after and _is_of_a_word(before[-1]) and _is_of_a_word(after[0]):
            return " "
        return found.group()

    return SEPARATORS.sub(blank, text)


def _is_of_a_word(sign: str) -> bool:
    # Marks are parts of letters: without them "दुर्गा" would no longer be Durga.
    return sign.isalnum() or unicodedata.category(sign).startswith("M")


def title_from(name: str) -> str:
    """A readable title from a folder's name: "agra_fort" -> "Agra fort". It has the same key as
    the name."""
    words = _spaced(_visible(name))
    capital = words[:1].upper() + words[1:]
    for title in (capital if len(words) > 1 else words, words, name.strip()):
        if title and name_key(title) == name_key(name):
            return title
    return name or "Untitled"


def class_id_from(name: str) -> str:
    """A class id from a folder's name: kept where it is fit already, else blanks become "-",
    signs that matter become words and odd ones go.

    >>> class_id_from("Granny-Smith"), class_id_from("Agra fort"), class_id_from("<script>"),
    class_id_from("C++") ('Granny-Smith', 'Agra-fort', 'script', 'C-plus-plus')
    """
    plain = _fit_part(name.strip())
    return plain if plain == name else _fit_part(_spelled_out(name))


def _fit_part(name: str) -> str:
    plain = re.sub(r"\s+", "-", unicodedata.normalize("NFC", name).strip())
    plain = "".join(sign for sign in plain if sign in "_.-" or _is_of_a_word(sign))
    plain = unicodedata.normalize("NFC", plain).strip(".-")[:LONGEST_ID].rstrip(".-")
    return f"{plain}-class" if plain in RESERVED else plain or "class"


def _spelled_out(name: str) -> str:
    """The name with words for signs: "S10+" -> "S10 plus", "A-" -> "A minus", a picture of a cat
    -> "cat face"."""
    text = "".join("-" if _is_dash(sign) else sign for sign in _visible(name).strip())
    text = re.sub(r"^-(?=\d)", "minus ", text)
    text = re.sub(r"^(\w{1,3})-$", r"\1 minus", text)
    spelled = ""
    for sign in text:
        word = _word_for(sign)
        spelled += sign if not word else word if _is_regional(sign) else f" {word} "
    return " ".join(spelled.split())


def _word_for(sign: str) -> str:
    if sign in SIGN_WORDS:
        return SIGN_WORDS[sign]
    if _is_regional(sign):
        return chr(ord("a") + ord(sign) - FIRST_REGIONAL)
    if sign in UNSPOKEN or not (
        unicodedata.category(sign) in ("So", "Sc") or "\U0001f3fb" <= sign <= "\U0001f3ff"
    ):
        return ""
    words = unicodedata.name(sign, f"u{ord(sign):x}").casefold()
    return re.sub(r" (sign|symbol)$", "", words)


def _is_regional(sign: str) -> bool:
    return FIRST_REGIONAL <= ord(sign) <= LAST_REGIONAL


def free_id(name: str, taken: Collection[str]) -> str:
    """An unused id made from a name, with a number if needed."""
    wanted = class_id_from(name)
    if wanted not in taken:
        return wanted
    return next(
        numbered for number in count(2) if (numbered := _numbered(wanted, number)) not in taken
    )


def _numbered(class_id: str, number: int) -> str:
    ending = f"-{number}"
    return class_id[: LONGEST_ID - len(ending)].rstrip(".-") + ending


def is_made_from(class_id: str, names: Iterable[str]) -> bool:
    """Whether an id was made from one of these names, by `free_id` or without words for signs,
    as it once was."""
    number = re.search(r"-(\d{1,9})$", class_id)
    for name in names:
        for made in (class_id_from(name), _fit_part(name)):
            if class_id == made or (number and class_id == _numbered(made, int(number[1]))):
                return True
    return False
