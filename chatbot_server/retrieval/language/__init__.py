"""What words mean: stems, synonyms, facts, sentences; one data file for each language.

Never opens a database, a file of the owner's or a connection.
"""
