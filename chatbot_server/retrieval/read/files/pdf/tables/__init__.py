"""Tables on a page of a PDF: drawn, tagged, or told by gaps alone."""
