"""The first questions of a site: with which its owner tries it, and which visitors are offered."""
