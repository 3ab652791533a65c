"""From sections of text to what can be searched: chunks, their words, their vectors.

Never fetches, parses or answers.
"""
