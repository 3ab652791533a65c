"""What a site knows and how it is asked: no HTTP, no prompt, no model of language.

``base.py`` is the contract with the conversation. The rooms, each using only those left of it:
``language`` ← ``index`` ← ``read``, ``answer`` ← ``crawl`` ← ``curate``.
"""
