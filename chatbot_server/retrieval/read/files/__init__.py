"""Reads files as Markdown, with one module per kind; no file is trusted."""
