"""Whether a section or an entry answers, by fitted evidence."""
