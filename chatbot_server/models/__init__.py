"""Model files: what one is, which are on offer or here already, what this machine can run."""
