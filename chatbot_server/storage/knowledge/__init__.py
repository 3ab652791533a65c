"""The tables of what sites know, and every query on them: a module for each subject.

Each row carries its site, and the queries take it: sites never see each other's. What is
worth storing, and what answers a question, is decided elsewhere.
"""
