"""Words: their stems, synonyms, spellings and rarity."""
