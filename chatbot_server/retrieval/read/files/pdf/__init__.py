"""PDF files, with their layout, tables and scans."""
