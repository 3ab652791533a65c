"""OpenAI's wire format under ``/v1``: chat and text completions, embeddings, the list of models.

Never knows a site, a visitor or the owner's pages.
"""
