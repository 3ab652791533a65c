"""Diagnoses why the chat does not work on a page, from the page alone; nothing is fetched."""
