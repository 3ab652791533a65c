"""Every GGUF model that llama.cpp knows, by its own server inside the engine's process."""

from chatbot_server.engine.llamacpp.backend import LlamaCppBackend
from chatbot_server.engine.llamacpp.parameters import Setup

__all__ = ["LlamaCppBackend", "Setup"]
