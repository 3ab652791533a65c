"""Links that say nothing of a page's subject: those that share it, and rows of networks."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import words_of

MAX_LINKS, MAX_ABOVE = 5000, 6
MAX_PARTS, LONGEST_ROW = 60, 600
ROWS = frozenset(("div", "li", "ol", "p", "section", "span", "ul"))
# What they have in common: the address of the page, or its title, is handed to a network.
_SHARES = re.compile(
    r"facebook\.com/(?:sharer|share\.php|dialog/(?:share|feed|send))"
    r"|(?:twitter|x)\.com/(?:intent/(?:tweet|post)|share|home\?status)"
    r"|linkedin\.com/(?:shareArticle|sharing/share|cws/share)"
    r"|pinterest\.[a-z.]{2,6}/pin/create|reddit\.com/submit|tumblr\.com/(?:share|widgets/share)"
    r"|(?:api\.whatsapp\.com/send|wa\.me/?|whatsapp://send)/?\?text="
    r"|(?:t|telegram)\.me/share|bsky\.app/intent/compose|threads\.net/intent|getpocket\.com/(?:save|edit)"
    r"|news\.ycombinator\.com/submitlink|addtoany\.com/(?:share|add_to)|addthis\.com/bookmark"
    r"|viadeo\.com/(?:shareit|.{0,20}share)|[?&]share=(?:facebook|twitter|x|linkedin|email|print"
    r"|pinterest|jetpack-whatsapp|telegram|mastodon|bluesky)\b"
    r"|^mailto:\?",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_NETWORKS = re.compile(
    r"(?:^|\.)(?:facebook|instagram|linkedin|pinterest|reddit|slack|snapchat|telegram|tiktok|tumblr"
    r"|twitch|twitter|viadeo|vimeo|whatsapp|youtube|bsky|discord|mastodon|flickr)"
    r"\.[a-z]{2,9}$|^(?:www\.)?(?:git(?:hub|lab)\.com|x\.com|t\.me|youtu\.be|fb\.(?:com|me)|wa\.me|discord\.gg)$"
)
# What such links are called, and what comes before them: “Partager sur”, “Follow us on”.
_WORDS = words_of("""
    facebook fb instagram insta linkedin pinterest reddit slack snapchat telegram tiktok tumblr
    twitch twitter x viadeo vimeo whatsapp youtube you tube bluesky discord github gitlab mastodon
    flickr f t in rss e mail email
    account article channel follow friend friends like media network networks on our page post
    profile share social the this tweet us via with your
    ami amis aimer avec cet cette chaîne compte la le les nos notre nous par partager partages
    partagez profil réseaux sociaux suivez suivre sur un une vos votre
""")


def links_to_networks(tree: Any) -> set[Any]:
    """The buttons of *tree* that share its page, and what holds nothing but links to networks."""
    buttons = set()
    boxes: dict[Any, None] = {}
    for link in tree.xpath("//a[@href]")[:MAX_LINKS]:
        is_button = shares(link)
        if is_button:
            buttons.add(link)
        if is_button or leads_to_network(link):
            boxes.update(dict.fromkeys(islice(link.iterancestors(), MAX_ABOVE)))
    return buttons | set(filter(only_names_networks, boxes))


def shares(element: Any) -> bool:
    """Whether *element* is a link that hands its page on to others."""
    return element.tag == "a" and bool(_SHARES.search((element.get("href") or "").strip()[:300]))


def only_names_networks(element: Any) -> bool:
    """Whether *element* holds nothing but such buttons, or the names of networks it leads to."""
    if element.tag not in ROWS:
        return False
    parts = list(islice(element.iterdescendants(), MAX_PARTS + 1))
    links = [part for part in parts if part.tag == "a"]
    if not links or len(parts) > MAX_PARTS:
        return False
    sharing = list(map(shares, links))
    if not all(sharing) and (len(links) < 2 or not all(map(leads_to_network, links))):
        return False
    text = short_text(element, LONGEST_ROW + 1)
    for link, is_button in zip(links, sharing, strict=True):
        label = short_text(link, LONGEST_ROW) if is_button else ""
        text = text.replace(label, " ", 1) if label else text
    return len(text) <= LONGEST_ROW and _WORDS.issuperset(_WORD.findall(text.lower()))


def leads_to_network(link: Any) -> bool:
    """Whether *link* leads to a page on a social network."""
    try:
        host = urlsplit((link.get("href") or "").strip()[:500]).hostname or ""
    except ValueError:
        return False
    return bool(_NETWORKS.search(host))
