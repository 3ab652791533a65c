"""Sites, with their settings and what belongs to each."""
