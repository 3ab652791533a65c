"""How fast it is, and how much memory it takes; ``docs/performance.md`` says how to read it."""
