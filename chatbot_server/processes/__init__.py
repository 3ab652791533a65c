"""Work in child processes and threads."""
