"""How model files get here: their sources, and downloads that go on where they stopped."""
