"""What ``scripts/bench`` measures; ``docs/performance.md`` says how to read it."""
