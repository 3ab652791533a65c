"""Days of the week, hours, and moments such as “tomorrow”."""
