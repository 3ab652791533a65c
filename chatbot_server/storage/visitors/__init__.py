"""What visitors wrote, how they rated it, and what follows from it."""
