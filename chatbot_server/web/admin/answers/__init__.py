"""Pages about what the bot knows and how well it answers."""
