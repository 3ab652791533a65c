"""Everything of a server in one file, and back."""
