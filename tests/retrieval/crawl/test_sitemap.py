"""Sitemaps as sites write them."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.crawl.sitemap import sitemap_addresses

URLSET = "<urlset><url><loc>{}</loc></url></urlset>"


def told(content: bytes, most: int = 100) -> list[str]:
    return list(
        sitemap_addresses(
            ["https://s.example/sitemap.xml"], {"https://s.example/sitemap.xml": content}.get, most
        )
    )


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://s.example/?f[]=1&amp;g=2", "https://s.example/?f[]=1&g=2"),
        ("https://s.example/the hours", "https://s.example/the hours"),
        ("\n  https://s.example/a\n", "https://s.example/a"),
        ("<![CDATA[https://s.example/?f[]=1]]>", "https://s.example/?f[]=1"),
        (" <![CDATA[ https://s.example/a ]]> ", "https://s.example/a"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_address_is_read_however_it_is_written(
    written: str, address: str, encoding: str
) -> None:
    assert told(URLSET.format(written).encode(encoding)) == [address]


@pytest.mark.parametrize(
    ("root", "loc"), [("urlset", "loc"), ("sm:urlset", "sm:loc"), ("URLSET", "Loc ")]
)
def test_pictures_of_a_page_are_no_pages(root: str, loc: str) -> None:
    content = (
        f"<?xml version='1.0'?><{root}><url><{loc}>https://s.example/a</{loc}>"
        "<image:image><image:loc>https://s.example/a.webp</image:loc></image:image></url>"
        f"<url><{loc}>https://s.example/b</{loc}></url></{root}>"
    )
    assert told(content.encode()) == ["https://s.example/a", "https://s.example/b"]


def test_an_address_that_was_cut_off_is_not_taken() -> None:
    content = URLSET.format("https://s.example/a") + "<url><loc>https://s.example/b"
    assert told(content.encode()) == ["https://s.example/a"]
