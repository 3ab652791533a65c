"""From the bytes of a page or a file to sections of text, in a limited child process.

Never fetches and never writes to the database.
"""
