"""What stands on a page of a PDF: pieces of text, lines drawn, and what its program tagged."""
