"""What is personal in a text, and is not stored."""
