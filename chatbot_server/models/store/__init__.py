"""The catalogue of models, the models folder, and in `downloads` what fetches models into it."""
