"""Any server that speaks the OpenAI API: llama-server, Ollama, vLLM, or another of ours."""

from chatbot_server.engine.openai.engine import OpenAIEngine

__all__ = ["OpenAIEngine"]
