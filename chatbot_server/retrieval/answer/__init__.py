"""One question: searched, weighed, and answered with the owner's words, or not at all.

Never writes to the database and never runs a language model.
"""
