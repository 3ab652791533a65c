"""How a message leans on those before it."""
