"""HTTP in, HTTP out: no SQL, no prompt text."""
