"""Verbs for sites, people, keys and backups."""
