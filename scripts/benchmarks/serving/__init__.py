"""A whole server under load: many visitors, hostile clients, faults, the owner's pages."""
