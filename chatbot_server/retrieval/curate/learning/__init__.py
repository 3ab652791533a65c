"""What was asked and not answered, and the answers that owners give to it."""
