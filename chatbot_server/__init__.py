"""Chatbot Server: a local model answers the visitors of your own site."""

__version__ = "0.1.0"
