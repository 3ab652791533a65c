"""What is measured by ``scripts/bench`` or by hand; ``docs/performance.md`` gives the figures."""
