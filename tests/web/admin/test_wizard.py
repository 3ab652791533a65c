"""Steps of the set-up: pages chosen, privacy, a model; each works without scripts."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from support.models.tiny_models import write_random_llama_gguf
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.engine.process.state import Change, write_change
from chatbot_server.models.store.downloads.background import DownloadState, download_state
from chatbot_server.models.store.scores import AnswerScore, remember_score
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.retrieval.curate.library import add_site as add_site_to_read
from chatbot_server.storage.knowledge.sources import get_source, sources_of
from chatbot_server.storage.knowledge.tables import KnowledgeDocument, KnowledgePage
from chatbot_server.storage.owners.accounts import Role
from chatbot_server.storage.owners.audit import entries_before
from chatbot_server.storage.site.sites import find_site

Post = Callable[..., TestResponse]


@pytest.fixture
def source(owner: OwnerServer) -> int:
    """A site that was found to have a start, two pages and a folder of five."""
    number = add_site_to_read(owner.database, owner.site_id, "https://shop.example")
    paths = ["/", "/prices", "/legal", *(f"/blog/{day}" for day in range(5))]
    with owner.database.session() as session:
        get_source(session, owner.site_id, number).finished = 1
        session.add_all(
            KnowledgePage(source_id=number, url=f"https://shop.example{path}", state="read")
            for path in paths
        )
    return number


def test_a_mistyped_address_is_corrected_and_makes_no_second_site(
    owner: OwnerServer, post: Post
) -> None:
    form = {"name": "Shop", "address": "https://shp.example"}
    key = post("/admin/start", **form).location.split("/")[2]
    with owner.database.session() as session:
        site_id = find_site(session, key).id
        sources_of(session, site_id)[0].why = "fetch_unknown_host shp.example"
    browser = owner.browser("owner")
    for page in ("trial", "pages"):
        text = html.unescape(browser.get(f"/admin/{key}/{page}?locale=en").text)
        link = re.search(r'<a href="([^"]+)">Correct the address', text)
        assert link
        assert 'value="https://shp.example/"' in browser.get(link[1]).text
    form["address"] = "http://shop.example"
    assert post("/admin/start", **form).location.split("/")[2] == key
    with owner.database.session() as session:
        assert find_site(session, key).origins == ["http://shop.example"]
        assert [row.address for row in sources_of(session, site_id)] == ["http://shop.example/"]
    # What could be read stays as it is.
    add_note(owner.database, site_id, "Hours", "Open from 9.")
    form["address"] = "http://other.example"
    assert post("/admin/start", **form).location.split("/")[2] != key


def states(owner: OwnerServer) -> dict[str, str]:
    with owner.database.session() as session:
        return {
            page.url.removeprefix("https://shop.example"): page.state
            for page in session.query(KnowledgePage)
        }


def test_pages_are_chosen_one_by_one_and_by_folder(
    owner: OwnerServer, post: Post, source: int
) -> None:
    browser = owner.browser("owner")
    page = browser.get(f"/admin/{owner.key}/pages").text
    assert page.count('name="ticked"') == 1 + 5 + 2, "a folder, its pages, and two single ones"
    assert 'value="/"' not in page
    path = f"/admin/KEY/pages/{source}"
    shown = ["/blog/", "/prices", "/legal", "/"]
    assert post(path, shown=shown, ticked=["/prices"]).status_code == 303
    with owner.database.session() as session:
        row = get_source(session, owner.site_id, source)
        assert (row.unwanted, row.finished) == (["/blog/", "/legal"], None)
    assert {url for url, state in states(owner).items() if state == "found"} == {
        "/legal",
        *(f"/blog/{day}" for day in range(5)),
    }
    page = browser.get(f"/admin/{owner.key}/pages").text
    assert 'value="/legal" checked' not in page
    assert 'value="/prices" checked' in page
    post(path, shown=["/blog/"], ticked=["/blog/"])
    with owner.database.session() as session:
        row = get_source(session, owner.site_id, source)
        assert row.unwanted == ["/legal"], "what was not shown stays as it is"
    assert post(f"/admin/KEY/pages/{source + 1}", shown="/x").status_code == 404


def test_why_a_site_is_not_read_is_said_in_words(owner: OwnerServer, source: int) -> None:
    with owner.database.session() as session:
        get_source(session, owner.site_id, source).why = "fetch_private 10.0.0.1:80"
    page = owner.browser("owner").get(f"/admin/{owner.key}/pages").text
    assert "10.0.0.1:80 is in a private network" in page
    assert "fetch_private" not in page
    assert 'role="status"' not in page, "nothing goes on that could be waited for"
    owner.config.run_dir.mkdir(exist_ok=True)
    allowed = OwnerServer(owner.folder, database=owner.database, private_hosts=("10.0.0.1",))
    key = owner.key
    for path in ("pages", "trial", "knowledge"):
        page = allowed.browser("owner").get(f"/admin/{key}/{path}").text
        assert "private network" not in page, "what the settings allow by now is read next"
    assert (owner.config.run_dir / "jobs-read.called").exists(), "at once, as somebody looks"


def test_a_site_that_is_about_to_be_read_says_how_long_it_takes(
    owner: OwnerServer, source: int
) -> None:
    with owner.database.session() as session:
        get_source(session, owner.site_id, source).finished = None
        for page in session.query(KnowledgePage).filter_by(source_id=source):
            page.state = "found"
    browser = owner.browser("owner")
    for path in ("pages", "trial"):
        shown = browser.get(f"/admin/{owner.key}/{path}?locale=en").text
        assert "within half a minute" in shown, path
        assert "0 of" not in shown
        assert "0 pages" not in shown
    with owner.database.session() as session:
        session.query(KnowledgePage).filter_by(source_id=source)[0].state = "read"
    assert "1 of 8 pages" in browser.get(f"/admin/{owner.key}/pages?locale=en").text


def test_what_is_missing_in_the_first_step_is_named(owner: OwnerServer, post: Post) -> None:
    assert "Write the address of your site" in post("/admin/start?locale=en", name="Mill").text
    nameless = post("/admin/start?locale=en", name="", address="mill.example").text
    assert "A name has between 1 and 80 characters" in nameless


def test_the_privacy_text_tells_of_a_model_only_where_it_writes(owner: OwnerServer) -> None:
    folder = owner.config.models_dir
    folder.mkdir(exist_ok=True)
    path = write_random_llama_gguf(folder / "tiny.gguf")
    write_change(owner.config.run_dir, Change("tiny", "done"))

    def text(**settings: object) -> str:
        with owner.database.session() as session:
            site = find_site(session, owner.key)
            for name, value in settings.items():
                setattr(site, name, value)
        return owner.browser("owner").get(f"/admin/{owner.key}/privacy?text=en").text

    assert "No artificial intelligence writes them" in text(), "it is trusted with quoting only"
    assert "written by a language model" in text(free_chat=True)
    remember_score(path, folder, AnswerScore(0.9, 0.0, 16, "2026-11-26", "0" * 64))
    assert "written by a language model" in text(free_chat=False)


def test_what_is_kept_is_decided_and_said(owner: OwnerServer, post: Post) -> None:
    form = {"retention_days": "7", "contact_email": "a@shop.example", "notice_fr": "Bonjour"}
    assert post("/admin/KEY/privacy", **form).status_code == 303
    browser = owner.browser("reader")
    page = browser.get(f"/admin/{owner.key}/privacy?text=fr").text
    assert "effacées 7 jours après" in page
    assert "a@shop.example" in page
    assert 'lang="fr">Un chat' in page
    panel = browser.get(f"/api/widget?site={owner.key}&locale=fr").get_json()
    assert panel["privacy"]["retention_days"] == 7
    for days in ("soon", "-1", "366"):
        refused = post("/admin/KEY/privacy", **form | {"retention_days": days})
        assert refused.status_code == 400
        assert f'value="{days}"' in refused.text
    assert post("/admin/KEY/privacy", **form | {"retention_days": ""}).status_code == 303
    with owner.database.session() as session:
        site = find_site(session, owner.key)
        assert site.days_kept(30) == 30
        site.retention_days = 90
        assert site.days_kept(30) == 30, "never longer than the server"


def test_a_model_is_measured_and_chosen_without_a_restart(
    owner: OwnerServer, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = owner.folder / "config.yaml"
    text = f"data_dir: {owner.folder}\nengine:\n  model: smollm2-135m-instruct\n"
    file.write_text(text)
    monkeypatch.setenv("CHATBOT_CONFIG", str(file))
    measured = post("/admin/models", action="measure").text
    assert re.search(r"About \d+ words a second", measured)
    assert re.search(r"By its size, about \d+\.\d words a second", measured)
    assert post("/admin/models", action="use", name="").status_code == 303
    assert (owner.config.run_dir / "jobs-model.called").exists()
    page = owner.browser("owner").get("/admin/models").text
    assert "is being prepared" in page
    assert 'data-reload="yes"' in page
    values = {"file": "x.gguf", "needed": "9", "free": "1"}
    write_change(owner.config.run_dir, Change("<Big>", "failed", "model_too_big", values))
    page = owner.browser("owner").get("/admin/models").text
    assert "&lt;Big&gt; could not be made ready" in page
    assert "x.gguf" in page


def test_what_a_model_may_do_is_said_with_its_score(owner: OwnerServer) -> None:
    folder = owner.config.models_dir
    folder.mkdir(exist_ok=True)
    path = write_random_llama_gguf(folder / "mine.gguf")
    assert "The model only quotes your pages" in owner.browser("owner").get("/admin/models").text
    remember_score(path, folder, AnswerScore(0.625, 0.2, 16, "2026-11-26", "0" * 64))
    page = owner.browser("owner").get("/admin/models").text
    assert "The model may reword what your pages answer" in page
    assert "our answer test: 62.5% right (2026-11-26)" in page


def test_a_model_is_wanted_and_a_wrong_one_refused(owner: OwnerServer, post: Post) -> None:
    browser = owner.browser("owner")
    page = browser.get("/admin/models").text
    assert "Pages only, no model" in page
    form = {"action": "get", "name": "smollm2-135m-instruct"}
    assert post("/admin/models", **form).status_code == 303
    state = download_state(owner.folder / "models")
    assert isinstance(state, DownloadState)
    assert (state.name, state.state) == ("smollm2-135m-instruct", "waiting")
    assert 'data-live="open"' in browser.get("/admin/models").text
    assert post("/admin/models", action="get", name="../../etc/passwd").status_code == 400
    assert post("/admin/models", action="use", name="/etc/passwd").status_code == 404
    roles: tuple[Role, ...] = ("editor", "reader")
    for role in roles:
        refused = owner.browser(role).post("/admin/models", data=form, headers=ORIGIN)
        assert refused.status_code == 403


def test_a_step_saves_what_was_typed_and_goes_on(
    owner: OwnerServer, post: Post, source: int
) -> None:
    step = post(f"/admin/KEY/pages/{source}", shown=["/legal"], ticked=[], next="yes")
    assert step.location.split("/")[-1] == "trial?setup=yes"
    with owner.database.session() as session:
        assert get_source(session, owner.site_id, source).unwanted == ["/legal"]
    look = {"name": "Shop", "color": "#123456", "greeting_en": "Welcome!"}
    step = post("/admin/KEY/appearance?setup=yes", **look)
    assert "setup=yes" in step.location, "saved, and still a step of the set-up"
    step = post("/admin/KEY/appearance?setup=yes", **look, next="yes")
    assert step.location == f"/admin/models?key={owner.key}&setup=yes"
    assert f"/admin/{owner.key}/privacy?setup=yes" in owner.browser("owner").get(step.location).text
    step = post("/admin/KEY/privacy?setup=yes", retention_days="7", next="yes")
    assert step.location == f"/admin/{owner.key}/tag?setup=yes"


def test_a_page_to_choose_is_called_by_its_title(owner: OwnerServer, source: int) -> None:
    with owner.database.session() as session:
        page = KnowledgeDocument(
            site_id=owner.site_id, source_id=source, url="https://shop.example/prices",
            title="What it costs", text="", language="en", digest="",
        )  # fmt: skip
        session.add(page)
    text = owner.browser("owner").get(f"/admin/{owner.key}/pages").text
    assert 'What it costs <small class="hint">/prices</small>' in text


def test_a_copy_of_another_page_is_nothing_to_choose(owner: OwnerServer, source: int) -> None:
    address = f"/admin/{owner.key}/pages"
    assert 'value="/prices"' in owner.browser("owner").get(address).text
    with owner.database.session() as session:
        page = session.query(KnowledgePage).filter(KnowledgePage.url.endswith("/prices")).one()
        page.state, page.why = "skipped", "crawl_copy"
    assert 'value="/prices"' not in owner.browser("owner").get(address).text


def test_as_many_pages_are_counted_as_are_listed(owner: OwnerServer, source: int) -> None:
    address = f"/admin/{owner.key}/pages?locale=en"
    with owner.database.session() as session:
        copy = KnowledgePage(source_id=source, url="https://shop.example/index.html")
        copy.state, copy.why = "skipped", "crawl_copy"
        session.add(copy)
    page = owner.browser("owner").get(address).text
    assert "8 pages were found and looked at." in page


def test_the_first_questions_are_what_visitors_ask(owner: OwnerServer) -> None:
    add_note(owner.database, owner.site_id, "Prices", "A loaf of bread costs 4 euros.")
    page = owner.browser("owner").get(f"/admin/{owner.key}/trial?locale=en").text
    assert '<p class="question" dir="auto">What are your prices?</p>' in page


def test_questions_that_are_answered_right_are_suggested_at_a_click(
    owner: OwnerServer, post: Post
) -> None:
    add_note(owner.database, owner.site_id, "Prices", "A loaf of bread costs 4 euros.")
    browser = owner.browser("owner")
    assert "Suggest first questions" in browser.get(f"/admin/{owner.key}/?locale=en").text
    page = browser.get(f"/admin/{owner.key}/trial?locale=en").text
    ticked = re.findall(r'name="suggested" value="([^"]+)" checked', page)
    assert ticked == ["What are your prices?"]
    tried = browser.get(f"/admin/{owner.key}/trial?locale=en&q=whats+a+bread").text
    assert 'name="suggested" value="whats a bread">' in tried, "typed to try, not to be published"
    step = post("/admin/KEY/trial?setup=yes", suggested=ticked)
    assert step.location.split("/")[-1] == "trial?done=suggested&setup=yes"
    panel = browser.get(f"/api/widget?site={owner.key}&locale=fr").get_json()
    assert panel["suggestions"] == ticked, "a site in one language has one list for all visitors"
    page = browser.get(f"/admin/{owner.key}/trial?locale=en").text
    assert "The chat suggests this question." in page
    assert 'name="suggested"' not in page
    step = post("/admin/KEY/trial?setup=yes", suggested=ticked, next="yes")
    assert step.location == f"/admin/{owner.key}/appearance?setup=yes"
    refused = post("/admin/KEY/trial", suggested=[f"Question {number}?" for number in range(7)])
    assert refused.status_code == 400
    again = browser.get(f"/api/widget?site={owner.key}&locale=fr").get_json()
    assert again["suggestions"] == ticked


def test_suggestions_are_added_in_their_language(owner: OwnerServer, post: Post) -> None:
    post("/admin/KEY/trial", suggested=["fr=Quels tarifs ?"])
    post("/admin/KEY/trial", suggested=["Opening hours", "fr=Quels tarifs ?"])
    with owner.database.session() as session:
        suggestions = find_site(session, owner.key).suggestions
    assert suggestions == {"fr": ["Quels tarifs ?", "Opening hours"], "*": ["Opening hours"]}


def test_a_new_site_is_made_from_its_address(owner: OwnerServer, post: Post) -> None:
    answer = post("/admin/start", name="Shop", address="shop.example.org")
    assert answer.status_code == 303
    key = answer.location.split("/")[2]
    with owner.database.session() as session:
        assert find_site(session, key).origins == ["https://shop.example.org"]
    assert "shop.example.org" in owner.browser("owner").get(f"/admin/{key}/trial").text
    for form in ({"name": "", "address": "a.example"}, {"name": "A", "address": "::"}, {}):
        refused = owner.browser("owner").post("/admin/start", data=form, headers=ORIGIN)
        assert refused.status_code == 400, form


def test_the_log_names_the_site_and_the_address_that_were_chosen(
    owner: OwnerServer, post: Post, source: int
) -> None:
    assert post("/admin/start", name="Mill", address="https://mill.example/").status_code == 303
    assert post(f"/admin/KEY/pages/{source}", shown="/a", ticked="/a").status_code == 303
    with owner.database.session() as session:
        told = {row.action: row.about for row in entries_before(session)}
        address = get_source(session, owner.site_id, source).address
    assert (told["start_site"], told["choose_pages"]) == ("Mill", address)


def test_privacy_leads_to_what_is_kept_of_somebody(owner: OwnerServer) -> None:
    page = owner.browser("owner").get(f"/admin/{owner.key}/privacy").text
    part = page.split("When somebody asks what you hold about them")[1]
    links = [f"/admin/{owner.key}/{name}" for name in ("conversations", "messages", "history")]
    assert all(f'href="{link}"' in part for link in (*links, "/admin/log"))
    part = owner.browser("reader").get(f"/admin/{owner.key}/privacy").text
    part = part.split("When somebody asks what you hold about them")[1]
    assert "/admin/log" not in part
    assert f'href="/admin/{owner.key}/messages"' not in part
