"""What keeps the chat from working on a page, told from the page alone: nothing is fetched here."""
