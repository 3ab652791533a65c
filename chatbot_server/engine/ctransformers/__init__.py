"""Models that the ctransformers library can run, behind its guard rails."""

from chatbot_server.engine.ctransformers.backend import CTransformersBackend

__all__ = ["CTransformersBackend"]
