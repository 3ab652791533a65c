"""Fetches a site, politely and safely, and hands its pages on to be read and indexed.

Never decides what a text means.
"""
