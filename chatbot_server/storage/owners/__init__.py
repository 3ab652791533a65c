"""Who may use the owner's pages and the interface for programs."""
