"""Pages about visitors: their conversations, messages and figures."""
