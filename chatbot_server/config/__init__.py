"""Typed settings; the only reader of ``config.yaml`` and of the environment."""

from chatbot_server.config.load import find_config, load_config
from chatbot_server.config.sections import Config

__all__ = ["Config", "find_config", "load_config"]
