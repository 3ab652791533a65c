"""From the bytes of a file to Markdown text: one module a kind; no file is trusted."""
