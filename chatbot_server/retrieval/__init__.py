"""Answers from the owner's own pages; see :mod:`chatbot_server.retrieval.base`."""
