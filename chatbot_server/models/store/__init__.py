"""The models on offer, the models that are here, and how one becomes the other."""
