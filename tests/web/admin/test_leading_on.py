"""What the owner's pages lead on to: a better answer, the next question, a command that works."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.conversations import add_conversation, talk
from support.models.tiny_models import write_random_llama_gguf
from support.servers.owner_server import OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.storage.base import now
from chatbot_server.storage.site.history import changes_of
from chatbot_server.storage.site.sites import Site, add_site
from chatbot_server.storage.visitors.conversations import Conversation

Post = Callable[..., TestResponse]


def ask(owner: OwnerServer, question: str, answer: str = "", site_id: int = 0) -> tuple[str, str]:
    """A conversation of one question, its id and its answer's."""
    with owner.database.session() as session:
        origin = "pages" if answer else "none"
        [message] = add_conversation(
            session, site_id or owner.site_id, (question, answer), page=None, origin=origin
        )
        return message.conversation_id, message.id


def test_an_answer_is_bettered_from_its_conversation(owner: OwnerServer, post: Post) -> None:
    conversation, message = ask(owner, "What is the deposit?", "Dogs are welcome.")
    browser = owner.browser("editor")
    path = f"/admin/{owner.key}/faq?better={message}"
    assert path in browser.get(f"/admin/{owner.key}/conversations/{conversation}").text
    form = browser.get(path).text
    assert 'value="What is the deposit?"' in form
    saved = post("/admin/KEY/faq", question="What is the deposit?", answer="300 €.", better=message)
    assert f"/conversations/{conversation}?again=yes" in saved.location
    assert "300\u00a0€." in browser.get(saved.location).text
    reader = owner.browser("reader").get(f"/admin/{owner.key}/conversations/{conversation}").text
    assert "better=" not in reader


def test_no_other_sites_question_is_shown(owner: OwnerServer, post: Post) -> None:
    with owner.database.session() as session:
        other = add_site(session, "Other").id
    _, message = ask(owner, "A secret of others?", "Yes.", other)
    page = owner.browser("owner").get(f"/admin/{owner.key}/faq?better={message}")
    assert page.status_code == 404
    assert "A secret" not in page.text
    saved = post("/admin/KEY/faq", question="Q?", answer="A.", better=message)
    assert saved.location.startswith(f"/admin/{owner.key}/faq")


def test_one_answer_after_the_other_is_typed(owner: OwnerServer, post: Post) -> None:
    for question in ("Do you repair bicycles?", "Is there a sauna here?"):
        ask(owner, question)
    path = f"/admin/{owner.key}/unanswered"
    page = owner.browser("editor").get(path).text
    assert page.count("<details open>") == 1
    assert "autofocus" not in page, "whoever only comes to read is left at the top"
    group = page.split("/unanswered/")[1].split("#")[0]
    saved = post(f"/admin/KEY/unanswered/{group}", answer="Yes, on Mondays.")
    page = owner.browser("editor").get(saved.location).text
    assert page.count(" autofocus>") == page.count("<details open>") == 1


def test_an_unanswered_question_leads_to_where_it_was_asked(owner: OwnerServer) -> None:
    conversations = [
        ask(owner, text)[0] for text in ("Do you repair bicycles?", "do you repair bicycles")
    ]
    browser = owner.browser("reader")
    page = browser.get(f"/admin/{owner.key}/unanswered").text
    for conversation in conversations:
        address = page.split(f"/conversations/{conversation}#")[1].split('"')[0]
        text = browser.get(f"/admin/{owner.key}/conversations/{conversation}").text
        assert f'id="{address}"' in text
    for _ in range(5):
        newest = ask(owner, "Do you repair bicycles?")[0]
    page = browser.get(f"/admin/{owner.key}/unanswered").text
    assert page.count("/conversations/") == 5
    with owner.database.session() as session:
        session.get_one(Conversation, newest).messages[0].created += 60
    page = browser.get(f"/admin/{owner.key}/unanswered").text
    assert page.split("/conversations/")[1].startswith(newest), "the newest comes first"


def test_what_reads_the_same_is_no_change(owner: OwnerServer, post: Post) -> None:
    form = {"name": "Bakery", "color": "#1d4ed8", "position": "bottom-right"}
    post("/admin/KEY/appearance", **form)
    post("/admin/KEY/privacy")
    with owner.database.session() as session:
        assert list(changes_of(session, owner.site_id)) == []


@pytest.mark.parametrize("path", ["/admin/login", "/admin/backups", "/"])
def test_commands_are_shown_as_they_are_typed_here(
    owner: OwnerServer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    browser = owner.browser("owner")
    monkeypatch.setenv("CHATBOT_COMMAND", "/opt/bot/chatbot-server")
    page = browser.get(path).text
    assert "<code>/opt/bot/chatbot-server " in page
    assert "<code>chatbot-server " not in page


def test_another_language_keeps_the_step(owner: OwnerServer) -> None:
    page = owner.browser("owner").get(f"/admin/{owner.key}/privacy?setup=yes&done=saved").text
    assert 'href="?setup=yes&amp;locale=fr"' in page


def test_the_tag_says_when_the_chat_was_seen(owner: OwnerServer) -> None:
    browser = owner.browser("owner")
    path = f"/admin/{owner.key}/tag"
    page = browser.get(path).text
    assert 'id="seen" role="status" data-live="open"' in page
    assert "chat.example.org { reverse_proxy localhost }" in page
    assert "config set server.public_url https://chat.example.org" in page
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        site.seen, site.seen_on = now(), "https://bakery.example"
    assert 'data-live="done"' in browser.get(path).text


def test_models_of_this_machine_come_first(owner: OwnerServer) -> None:
    folder = owner.config.models_dir
    folder.mkdir(exist_ok=True)
    write_random_llama_gguf(folder / "mine.gguf")
    browser = owner.browser("owner")
    page = browser.get("/admin/models").text
    assert page.index("On this machine") < page.index("mine") < page.index("Other models")
    assert page.count("<details open>") == 1
    page = browser.get(f"/admin/models?key={owner.key}&setup=yes").text
    assert "<details open>" not in page, "a step of the set-up is short"


def test_a_model_that_the_file_names_by_its_path_is_marked_and_can_be_chosen_again(
    owner: OwnerServer, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, config = owner.folder / "elsewhere" / "Mine.gguf", owner.folder / "config.yaml"
    path.parent.mkdir()
    write_random_llama_gguf(path)
    config.write_text(f"data_dir: {owner.folder}\nengine:\n  model: {path}\n")
    monkeypatch.setenv("CHATBOT_CONFIG", str(config))
    browser = owner.browser("owner")
    page = browser.get("/admin/models?locale=en").text
    assert page.count("This one is in use.") == 1
    here = page.index("On this machine")
    assert here < page.index("This one is in use.") < page.index("Other models")
    assert post("/admin/models", action="use", name="").status_code == 303
    page = browser.get("/admin/models?locale=en").text
    assert page.count("This one is in use.") == 1
    assert page.index("This one is in use.") < page.index("On this machine"), "no model"
    assert post("/admin/models", action="use", name="mine").status_code == 303
    page = browser.get("/admin/models?locale=en").text
    assert here < page.index("This one is in use.", here) < page.index("Other models")


def test_pages_of_a_fresh_server_claim_nothing(owner: OwnerServer) -> None:
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}"

    def pages() -> tuple[str, str]:
        unanswered, figures = (
            browser.get(f"{path}/{name}?locale=en").text for name in ("unanswered", "analytics")
        )
        return unanswered, figures

    unanswered, figures = pages()
    assert "No conversation here yet." in unanswered
    assert "has an answer today" not in unanswered
    assert "Nobody asked anything on these days." in figures
    assert "<svg" not in figures
    talk(owner, "Do you bake?", "Yes.", "faq")
    unanswered, figures = pages()
    assert "has an answer today" in unanswered
    assert "<svg" in figures


def test_a_new_key_was_never_used_and_does_not_expire(owner: OwnerServer, post: Post) -> None:
    post("/admin/KEY/keys", name="Application", scope="all", days="")
    page = owner.browser("owner").get(f"/admin/{owner.key}/keys?locale=en").text
    assert " · never used · does not expire" in page
    post("/admin/KEY/keys", name="Guest", scope="all", days="5")
    page = owner.browser("owner").get(f"/admin/{owner.key}/keys?locale=fr").text
    assert " · jamais utilisée · expire le " in page


def test_something_is_left_to_do_until_the_owners_own_site_showed_the_chat(
    owner: OwnerServer,
) -> None:
    browser, step = owner.browser("owner"), "open the chat there</a>"
    with owner.database.session() as session:
        session.get_one(Site, owner.site_id).origins = ["https://bakery.example"]
    talk(owner, "Do you bake?", "Yes.", "faq")
    for origin in ("http://localhost", "https://other.example"):
        owner.app.test_client().get(f"/api/widget?site={owner.key}", headers={"Origin": origin})
    assert step in browser.get(f"/admin/{owner.key}/?locale=en").text
    seen = {"Origin": "https://bakery.example"}
    assert owner.app.test_client().get(f"/api/widget?site={owner.key}", headers=seen).json
    assert step not in browser.get(f"/admin/{owner.key}/?locale=en").text
    tag = browser.get(f"/admin/{owner.key}/tag?locale=en").text
    assert "The chat was opened on https://bakery.example" in tag
