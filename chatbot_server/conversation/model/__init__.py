"""The prompts of a model, what it writes to them, and what keeps that true."""
