"""What of the sections that answer is shown, and how."""
