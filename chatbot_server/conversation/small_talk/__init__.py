"""What the bot says in its own words: greetings, the clock, help in danger."""
