"""The sections that were found: their order, their quotes, and the rows left out."""
