"""``/v1/responses``: its request body and its wire format."""
