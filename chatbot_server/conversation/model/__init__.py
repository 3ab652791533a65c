"""Answers that the model writes, and what keeps them true."""
