"""Events of a site, told to the owner's own programs."""
