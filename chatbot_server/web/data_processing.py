"""What this server does with what visitors write, for the owner's texts about it."""

from __future__ import annotations

from chatbot_server.config import Config
from chatbot_server.engine.process.state import chosen_model
from chatbot_server.errors import ModelError
from chatbot_server.models.store.folder import find_model
from chatbot_server.privacy.texts import ProcessingFacts
from chatbot_server.storage.site.sites import Site

OWN_MACHINE = ("127.0.0.1", "localhost", "::1")


def processing_facts(site: Site, config: Config) -> ProcessingFacts:
    """The facts about *site* on a server with the configuration *config*."""
    endpoints = config.engine.endpoints if config.engine.kind == "openai" else ()
    hosts = [endpoint.url.host for endpoint in endpoints]
    return ProcessingFacts(
        site=site.name,
        contact=site.contact_email or site.contact_url or "",
        days=site.days_kept(config.privacy.retention_days),
        contact_days=config.privacy.contact_days,
        masks=config.privacy.mask,
        remote=any(host not in OWN_MACHINE for host in hosts),
        model=bool(endpoints)
        or _writes(chosen_model(config.run_dir, config.engine.model), site, config),
    )


def _writes(model: str | None, site: Site, config: Config) -> bool:
    """Whether *model* writes answers on *site*; most small ones are trusted with quoting only."""
    if model is None or site.free_chat:
        return model is not None
    try:
        return find_model(model, config.models_dir).tier != "quote"
    except ModelError:  # not here yet: it is better to say too much than too little
        return True
