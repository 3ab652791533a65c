"""Who may use the owner's pages: passwords, log-in, invitations, the first account."""
