"""What documents are found by: their chunks, and the terms, vectors and tokens of these."""
