"""The tables of what sites know, and every query on them.

Never decides what is worth storing or what answers a question.
"""
