"""Words of a site's theme that say how to use it, and nothing of its owner's."""

from __future__ import annotations

import re
from typing import Any

from chatbot_server.retrieval.read.html.inline import short_text

MAX_PARTS = 2
LONGEST = 100
# Most elements hold other words: a look at the first one is quick.
_FIRST_WORDS = re.compile(
    r"[\s«\"'↑▲▼⌃^]{0,9}(?:hit|press|type|start|begin|enter|skip|jump|go|back|return|scroll|open|close|toggle|show"
    r"|appuyez|saisissez|tapez|aller|passer|accéder|retour|revenir|remonter|haut|ouvrir|fermer"
    r"|afficher|drücken?|zum|zur|zurück|nach|menü|top|bottom|proudly|powered|created|built|made|conçu|fièrement|propulsé|créé|saltar|ir|volver|pulsa)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"(?:start typing|begin typing|type)?(?: your search)?(?: above)? ?(?:and |then )?"
    r"(?:hit|press) (?:the )?(?:enter|return)(?: key)?(?: (?:to|for) (?:begin |start )?(?:your )?"
    r"search(?:ing)?)?(?:[.,]? ?(?:(?:or|and) )?(?:hit |press )?esc(?:ape)? to (?:close|cancel))?"
    r"|(?:(?:saisissez|tapez) votre recherche (?:et|puis) )?appuyez sur (?:la touche )?entrée"
    r"(?: pour (?:lancer (?:la |votre )?)?recherche[rz]?)?"
    r"(?:,? ou (?:sur )?(?:échap|esc)(?:ap)? pour (?:fermer|annuler))?"
    r"|drücken?(?: sie)? (?:die )?enter(?:-?taste)?,? (?:um zu suchen|zum suchen)"
    r"(?:,? oder esc,? (?:um zu|zum) schließen)?"
    r"|pulsa enter para buscar(?: o esc para (?:cerrar|cancelar))?"
    r"|(?:skip|jump|go) to (?:the )?(?:main )?(?:content|navigation|menu|footer|search)"
    r"|(?:aller|passer|accéder) (?:directement )?(?:au|à la|à l[’'])\s?"
    r"(?:contenu|navigation|menu|recherche|pied de page)(?: principale?)?"
    r"|zu[mr] (?:haupt)?(?:inhalt|navigation)(?: (?:springen|wechseln))?"
    r"|(?:saltar|ir) al contenido(?: principal)?"
    r"|(?:back|return|scroll|go) to (?:the )?top(?: of (?:the )?page)?"
    r"|(?:retour|revenir|remonter) (?:en|vers le) haut(?: de (?:la )?page)?|haut de (?:la )?page"
    r"|(?:zurück )?nach oben|volver arriba|scroll down"
    r"|(?:open|close|toggle|show) (?:the |this )?(?:main |mobile |primary )?"
    r"(?:menu|navigation|search(?: box)?|sidebar|module)"
    r"|(?:ouvrir|fermer|afficher) (?:le |la |l[’'])?(?:menu|navigation|recherche)"
    r"|menü (?:öffnen|schließen)|(?:top|bottom) of page"
    r"|(?:proudly )?(?:powered|created|built|made) (?:by|with) "
    r"(?:wordpress|wix(?:\.com)?|squarespace)"
    r"|(?:conçu avec|(?:fièrement )?propulsé par|créé avec) (?:wordpress|wix(?:\.com)?)",
    re.IGNORECASE,
)
_AROUND = " .!:«»\"'↑▲▼⌃^>›→×✕"


def is_of_theme(element: Any) -> bool:
    """Whether *element* only says how to search, how to close a menu, or where the top is."""
    if len(element) > MAX_PARTS or any(len(part) for part in element):
        return False
    first = (element.text or "").strip() or short_text(element, LONGEST)
    if not _FIRST_WORDS.match(first):
        return False
    text = short_text(element, LONGEST + 1)
    return len(text) <= LONGEST and bool(_WORDS.fullmatch(text.strip(_AROUND)))
