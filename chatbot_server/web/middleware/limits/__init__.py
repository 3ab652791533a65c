"""How often visitors, networks and applications may ask; no address is ever stored."""
