"""Verbs that find out what is wrong."""
