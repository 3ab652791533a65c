"""The owner's side: what is added, pushed, taught, evaluated and kept up to date.

Never runs while a visitor waits.
"""
