"""What was asked and not answered, and how good the answers are."""
