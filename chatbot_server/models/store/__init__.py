"""The catalogue of models, the models folder, and downloads."""
