"""The sections that were found: what is read of them, quoted, left out."""
