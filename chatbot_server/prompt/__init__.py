"""Chat formats by family, the token budget, and the safe assembly of prompts."""
