"""Reads model files without trusting them, and prepares them for the engines."""
