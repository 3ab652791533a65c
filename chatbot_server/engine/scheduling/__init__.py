"""Many conversations on few slots of one model; see :mod:`.scheduler`."""
