"""Model files: inspection, preparation, catalogue, download."""
