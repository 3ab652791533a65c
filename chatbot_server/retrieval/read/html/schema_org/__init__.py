"""What a page says of itself to machines (schema.org): JSON-LD and microdata, told as text."""
