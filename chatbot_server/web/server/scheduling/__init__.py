"""Which request is answered next, and by which thread."""
