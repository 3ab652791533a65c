"""Models that the ctransformers library can run, behind its guard rails."""
