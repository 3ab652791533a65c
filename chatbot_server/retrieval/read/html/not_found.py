"""Pages that say that there is no page at their address, though their server says there is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read.html.text.blocks import Block

# A page that tells more is one, whatever it is called.
MOST_WORDS = 250
MAX_BLOCKS, LONGEST = 4, 160
_AROUND = re.compile(
    r"\b(?:404|http|error|erreur|fehler|code|oops|oups|ooops|uh oh|oh no|sorry|desolee?s?|whoops"
    r"|aie|zut|we are|we're|nous sommes)\b|[^\w\s']+"
)
_THE_PAGE = (
    r"(?:(?:the|this|that|your|la|cette|votre|die|diese|la|esta|questa|de|deze|a)?\s?"
    r"(?:requested |angeforderte |gewunschte )?(?:web ?)?(?:page|seite|pagina)"
    r"(?:\s?,?\s?(?:that )?(?:you (?:are|were|have) (?:looking for|requested"
    r"|trying to (?:reach|view))|you requested|you want(?:ed)?|demandee|recherchee"
    r"|que vous (?:cherchez|recherchez|demandez|avez demandee)|solicitada"
    r"|que (?:busca|buscas)|richiesta))?)"
)
_IS_NONE = (
    r"(?:(?:is |was |were |est |wurde |ist |no (?:fue |se ha )?|non (?:e stata )?|niet )?"
    r"(?:not (?:be )?found|introuvable|non trouvee|nicht gefunden|encontrada|trovata|gevonden)"
    r"|(?:can't|cannot|can not|could not|couldn't) be found|(?:does not|doesn't|no longer) exists?"
    r"(?: anymore| any more)?|n'existe (?:pas ou plus|pas|plus)|n'a pas (?:pu etre|ete) trouvee"
    r"|existiert nicht(?: mehr)?|no existe|non esiste|bestaat niet)"
)
_NOT_FOUND = re.compile(
    rf"(?:error|erreur|fehler) 404|{_THE_PAGE}\s{{1,3}}{_IS_NONE}|page not found"
    r"|no page found|contenu introuvable|nous n'avons pas trouve (?:la|cette|votre) page.{0,40}"
    r"|we (?:can't|couldn't|could not) find (?:the|that|this) page.{0,40}"
)


def says_not_found(title: str, site_names: Iterable[str], blocks: Sequence[Block]) -> bool:
    """Whether a short page says, in its title or at its beginning, that it is none."""
    content = [block for block in blocks if not block.margin]
    if sum(len(block.text.split()) for block in content) > MOST_WORDS:
        return False
    names = [fold(name) for name in islice(site_names, MAX_BLOCKS)]
    texts = [title, *(block.text for block in content[:MAX_BLOCKS])]
    return any(is_not_found(text, names) for text in texts if len(text) <= LONGEST)


def is_not_found(text: str, names: Sequence[str] = ()) -> bool:
    """Whether *text*, beside a number or an excuse and *names*, says only that a page is none."""
    plain = fold(text).replace("’", "'")
    for name in names:
        plain = plain.replace(name, " ")
    if _NOT_FOUND.fullmatch(" ".join(re.sub(r"[^\w\s]+", " ", plain).split())):
        return True
    parts = [plain, *re.split(r"[.!?|:]|\s[-–—]\s", plain)]
    words = (" ".join(_AROUND.sub(" ", part).split()) for part in parts)
    has_number = bool(re.search(r"\b404\b", plain))
    return any(_NOT_FOUND.fullmatch(each) or (has_number and each == "not found") for each in words)
