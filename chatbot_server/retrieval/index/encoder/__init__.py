"""The encoder: from the tokens of a text to vectors, with the weights of multilingual-e5-small."""
