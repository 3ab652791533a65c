"""Golden questions are answered as visitors would be, by a model that visitors need first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.scripted_chat import HOURS, QUOTED, ScriptedModel

from chatbot_server.conversation.model import golden
from chatbot_server.conversation.model.golden import GoldenWriter
from chatbot_server.engine.base import EngineInfo, Sampling, Workload, may_write
from chatbot_server.errors import EngineError
from chatbot_server.prompt.base import Prompt
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.curate.quality.golden import ask_golden_questions
from chatbot_server.retrieval.curate.quality.golden_runs import compare_runs, run_golden_questions
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site
from chatbot_server.storage.visitors.learning import put_golden

NEAR = Grounding("passages", passages=(HOURS,))
QUESTION = "When are you open?"


class BusyModel(ScriptedModel):
    """A model for which visitors wait, as often as *loads* says."""

    def __init__(self, *says: str, loads: tuple[Workload, ...] = ()) -> None:
        super().__init__("write", says)
        self.loads = list(loads)
        self.loads_left: list[int] = []  # when it is asked

    def generate(
        self, prompt: Prompt, sampling: Sampling, *, conversation: str | None = None
    ) -> ScriptedModel:
        self.loads_left.append(len(self.loads))
        return super().generate(prompt, sampling, conversation=conversation)

    def workload(self) -> Workload:
        return self.loads.pop(0) if self.loads else Workload(0, 0)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def site_id(database: Database) -> int:
    with database.session() as session:
        return add_site(session, "Bakery").id


def write(
    database: Database, site_id: int, model: ScriptedModel, grounding: Grounding
) -> str | None:
    writer = GoldenWriter(database, model, Sampling(max_tokens=500, temperature=0.9))
    return writer(site_id, QUESTION, grounding)


@pytest.mark.parametrize(
    ("says", "grounding", "shown"),
    [
        (("We are open from 9 to 17.",), NEAR, "We are open from 9 to 17."),
        (("The pages do not say this.",), NEAR, None),
        (("It costs 42 euros.",), NEAR, None),
        (("We open at 9. ", "It costs 42 euros."), NEAR, "We open at 9."),
        (
            ("We open at 9.\n", "It costs 42 euros."),
            QUOTED,
            "We open at 9.\n\nWe are open from 9 to 17.",
        ),
        ((EngineError("engine_no_answer"),), NEAR, None),
        (("Anything.",), Grounding("faq", "From 9.", passages=(HOURS,)), None),
        (("Anything.",), Grounding("nothing"), None),
    ],
)
def test_what_is_shown_is_what_visitors_read(
    database: Database,
    site_id: int,
    says: tuple[str | Exception, ...],
    grounding: Grounding,
    shown: str | None,
) -> None:
    written = write(database, site_id, ScriptedModel("write", says), grounding)
    assert (written and written.strip()) == shown


def test_a_model_that_only_quotes_writes_nothing(database: Database, site_id: int) -> None:
    model = ScriptedModel("quote", ["We are open from 9 to 17."])
    assert write(database, site_id, model, QUOTED) is None
    assert model.prompts == []


def test_a_model_that_is_gone_may_not_write() -> None:
    model = ScriptedModel("write")
    assert may_write(model)
    model.tier = "quote"
    assert not may_write(model)

    class Gone(ScriptedModel):
        def info(self) -> EngineInfo:
            raise EngineError("engine_none")

    assert not may_write(Gone("write"))
    model.tier, model.state = "write", "starting"
    assert not may_write(model)


def test_visitors_come_first(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golden, "LOOK_SECONDS", 0.0)
    busy, waiting, idle = Workload(1, 0), Workload(1, 1), Workload(0, 0)
    model = BusyModel("We open at 9. ", "Come in.", loads=(busy, busy, idle, waiting))
    assert write(database, site_id, model, NEAR) == "We open at 9. Come in."
    assert len(model.prompts) == 2, "it was cut off for a visitor, and written anew"
    assert model.loads_left == [1, 0], "it was not asked while it was busy"
    assert model.closed >= 1
    monkeypatch.setattr(golden, "MOST_WAITED", 0.0)
    model = BusyModel("We open at 9.", loads=(waiting,) * 100)
    assert write(database, site_id, model, NEAR) == "We open at 9."
    assert len(model.prompts) == golden.MOST_ATTEMPTS, "it is not put off for ever"


def test_another_model_changes_grades(database: Database, site_id: int) -> None:
    base = KnowledgeBase(database)
    add_note(database, site_id, "Opening hours", "We are open from 9 to 17.")
    add_faq(database, site_id, "Do you deliver?", "Yes, in Hull.")
    questions = {QUESTION: "9 to 17", "Do you deliver?": "in Hull", "Do you sell boats?": ""}
    with database.session() as session:
        for question, expect in questions.items():
            put_golden(session, site_id, question, expect)
    right = GoldenWriter(
        database, ScriptedModel("write", ["We are open from 9 to 17."]), Sampling()
    )
    vague = GoldenWriter(database, ScriptedModel("write", ["We are open."]), Sampling())
    assert [result.passed for result in ask_golden_questions(base, site_id, right)] == [True] * 3
    runs = [
        run_golden_questions(base, site_id, model=name, writing=writing)
        for name, writing in (("good", right), ("vague", vague))
    ]
    assert [[row["by_model"] for row in run.results] for run in runs] == [[True, False, False]] * 2
    (worse,) = compare_runs(*runs)
    assert (worse.question, worse.better) == (QUESTION, -1)
    assert runs[1].worse == {QUESTION: runs[0].id}
    assert runs[1].causes == ["model"]
