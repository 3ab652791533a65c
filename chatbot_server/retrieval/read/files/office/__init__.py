"""Documents of word processors, tables, slides and electronic books."""
