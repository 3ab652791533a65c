"""How a message depends on earlier ones."""
