"""Pages about the site's settings, the server's, and who may use them."""
