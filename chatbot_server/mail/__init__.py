"""Messages to a person, sent by e-mail."""
