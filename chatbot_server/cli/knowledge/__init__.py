"""``chatbot-server knowledge``: what a site knows, from the command line.

Options in, sentences out; the work is done by ``retrieval``.
"""
