"""Finds the sections that may answer a question."""
