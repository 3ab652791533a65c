"""One turn of a conversation, told in one place."""
