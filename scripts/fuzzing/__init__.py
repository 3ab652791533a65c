"""Hostile input, made by machines: for the parsers and for the routes. See ``scripts/fuzz``."""
