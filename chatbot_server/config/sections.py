"""Every setting of the operator, with its type, its bounds and its default.

``config.example.yaml`` shows each of them with its default and one line of
help; a test holds the two together.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

# The engines that run a model file on this machine, in the order of preference.
EngineName = Literal["ctransformers", "llamacpp"]
Port = Annotated[int, Field(ge=1, le=65535)]
Rate = Annotated[
    str, Field(pattern=r"^[1-9]\d{0,8} per ([1-9]\d{0,8} )?(second|minute|hour|day)s?$")
]
Counters = Annotated[str, Field(pattern=r"^(memory://|(valkey|redis)s?://[^/]+(/\d+)?)$")]
# A name or an address; what it stands for is asked when the server starts.
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+(%[A-Za-z0-9._-]+)?$")]
DatabaseAddress = Annotated[str, Field(pattern=r"^(sqlite|postgres(ql)?(\+psycopg)?)://")]
SecurityContact = Annotated[
    str, Field(max_length=300, pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://[^\s]+)$")
]
MetricsToken = Annotated[str, Field(pattern=r"^[!-~]{16,200}$")]
EmailAddress = Annotated[
    str, Field(max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]+$")
]
NO_ENDPOINTS, NO_TOKEN, ONE_PORT = "no_endpoints", "no_token", "one_port"
NO_SENDER, NO_QUERY = "no_sender", "no_query"


def _path_only(address: AnyHttpUrl | None) -> AnyHttpUrl | None:
    """Refuse what nothing can be put after: the widget's name would be in the query."""
    if address is not None and (address.query is not None or address.fragment is not None):
        raise PydanticCustomError(NO_QUERY, "no query")
    return address


class Section(BaseModel):
    """Settings cannot change after the start, and none is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


class ServerSection(Section):
    """Where the web server listens."""

    host: Host = "127.0.0.1"
    port: Port = 8080
    public_url: Annotated[AnyHttpUrl | None, Field(strict=False), AfterValidator(_path_only)] = None
    security_contact: SecurityContact | None = None
    threads: Annotated[int, Field(ge=4, le=256)] = 48
    trusted_proxies: Annotated[int, Field(ge=0, le=5)] = 0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    @property
    def local_address(self) -> str:
        """Where this machine's own browser finds the server."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


class EndpointSection(Section):
    """One server that speaks the OpenAI API."""

    url: Annotated[AnyHttpUrl, Field(strict=False)]
    model: str | None = None
    api_key_file: Annotated[Path | None, Field(strict=False)] = None


class EngineSection(Section):
    """The language model and how it is run."""

    kind: Literal["auto", EngineName, "openai"] = "auto"
    model: str | None = "smollm2-135m-instruct"
    family: str | None = None
    context_length: Annotated[int, Field(ge=256, le=131072)] = 2048
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    slots: Annotated[int, Field(ge=0, le=64)] = 0
    batch_size: Annotated[int, Field(ge=1, le=64)] = 32
    queue: Annotated[int, Field(ge=0, le=1000)] = 16
    answer_seconds: Annotated[int, Field(ge=5, le=3600)] = 120
    state_cache_mb: Annotated[int, Field(ge=0)] = 256
    idle_minutes: Annotated[int, Field(ge=0, le=10_080)] = 0
    max_restarts: Annotated[int, Field(ge=0, le=100)] = 5
    max_tokens: Annotated[int, Field(ge=1, le=8192)] = 256
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.3
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    top_k: Annotated[int, Field(ge=0, le=1000)] = 40
    repetition_penalty: Annotated[float, Field(ge=1, le=2)] = 1.1
    endpoints: tuple[EndpointSection, ...] = ()

    @field_validator("model", mode="before")
    @classmethod
    def _none_is_no_model(cls, value: object) -> object:
        return None if value == "none" else value  # as the installer's option has it

    @model_validator(mode="after")
    def _endpoints_where_needed(self) -> EngineSection:
        if self.kind == "openai" and not self.endpoints:
            raise PydanticCustomError(NO_ENDPOINTS, "no endpoints")
        return self


class LimitsSection(Section):
    """What one visitor, one site and one request may take."""

    body_bytes: Annotated[int, Field(ge=1024, le=10_000_000)] = 65_536
    message_chars: Annotated[int, Field(ge=1, le=100_000)] = 4000
    visitor: tuple[Rate, ...] = ("20 per minute", "300 per day")
    site: tuple[Rate, ...] = ("600 per minute",)
    api_key: tuple[Rate, ...] = ("120 per minute",)
    streams: Annotated[int, Field(ge=0, le=2000)] = 0
    visitor_streams: Annotated[int, Field(ge=1, le=200)] = 3
    connections: Annotated[int, Field(ge=32, le=20_000)] = 1000
    address_connections: Annotated[int, Field(ge=0, le=20_000)] = 32
    storage: Counters = "memory://"


class CacheSection(Section):
    """Answers to first questions that are given again at once to whoever asks the same."""

    answers: Annotated[int, Field(ge=0, le=10_000)] = 500
    minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = 24 * 60


class PrivacySection(Section):
    """What is kept, and for how long."""

    retention_days: Annotated[int, Field(ge=0, le=365)] = 30
    contact_days: Annotated[int, Field(ge=1, le=365)] = 90
    mask: bool = True


class BackupSection(Section):
    """Daily copies in ``data_dir/backups``, without what visitors wrote."""

    keep: Annotated[int, Field(ge=0, le=365)] = 7


class MetricsSection(Section):
    """``/metrics`` for Prometheus, on a listener of its own."""

    port: Port | None = None
    host: Host = "127.0.0.1"
    token: MetricsToken | None = None

    @model_validator(mode="after")
    def _token_where_others_reach_it(self) -> MetricsSection:
        if self.token is None and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise PydanticCustomError(NO_TOKEN, "no token")
        return self


class EnergySection(Section):
    """What is said of the energy of answers."""

    core_watts: Annotated[float, Field(ge=0, le=500)] = 10.0


class MailSection(Section):
    """The mail server that takes messages to a person."""

    host: Host | None = None
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    password_file: Annotated[Path | None, Field(strict=False)] = None
    sender: EmailAddress | None = None
    to: EmailAddress | None = None

    @model_validator(mode="after")
    def _sender_where_needed(self) -> MailSection:
        if self.host and not self.sender:
            raise PydanticCustomError(NO_SENDER, "no sender")
        return self


def _word_of_switch(value: object) -> object:
    """YAML takes a bare ``on`` or ``off`` for yes and no."""
    return ("off", "on")[value] if isinstance(value, bool) else value


class RetrievalSection(Section):
    """The owner's pages: how they are read and searched."""

    semantic: Annotated[Literal["auto", "on", "off"], BeforeValidator(_word_of_switch)] = "auto"
    contact: str = ""
    max_pages: Annotated[int, Field(ge=1, le=100_000)] = 2000
    requests_per_second: Annotated[float, Field(gt=0, le=50)] = 1.0
    page_bytes: Annotated[int, Field(ge=10_000, le=100_000_000)] = 5_000_000
    private_hosts: tuple[str, ...] = ()
    browser: Annotated[Literal["auto", "off"], BeforeValidator(_word_of_switch)] = "off"


class Config(Section):
    """All of ``config.yaml``."""

    data_dir: Annotated[Path, Field(strict=False)] = Path("data")
    database: DatabaseAddress | None = None
    server: ServerSection = ServerSection()
    engine: EngineSection = EngineSection()
    limits: LimitsSection = LimitsSection()
    cache: CacheSection = CacheSection()
    privacy: PrivacySection = PrivacySection()
    retrieval: RetrievalSection = RetrievalSection()
    backup: BackupSection = BackupSection()
    mail: MailSection = MailSection()
    metrics: MetricsSection = MetricsSection()
    energy: EnergySection = EnergySection()

    @model_validator(mode="after")
    def _two_listeners(self) -> Config:
        if self.metrics.port == self.server.port:
            raise PydanticCustomError(ONE_PORT, "one port")
        return self

    @property
    def database_url(self) -> str:
        """SQLAlchemy's address of the database; SQLite in the data folder by default."""
        return self.database or f"sqlite:///{self.data_dir / 'chatbot.db'}"

    @property
    def models_dir(self) -> Path:
        """Where model files are kept."""
        return self.data_dir / "models"

    @property
    def encoder_dir(self) -> Path:
        """The encoder with 8-bit weights, which search by meaning makes once; may be deleted."""
        return self.data_dir / "encoder"

    @property
    def backups_dir(self) -> Path:
        """Where backups are kept: the daily ones, and those made by hand without a name."""
        return self.data_dir / "backups"

    @property
    def uploads_dir(self) -> Path:
        """Files that were given in a browser, until they are read."""
        return self.data_dir / "uploads"

    @property
    def run_dir(self) -> Path:
        """Sockets and state of the running server; private to its user."""
        return self.data_dir / "run"

    @property
    def untrusted_proxy_mark(self) -> Path:
        """The file that is there once requests came through a proxy that is not trusted."""
        return self.run_dir / "untrusted-proxy"
