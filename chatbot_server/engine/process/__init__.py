"""The engine's own process: started, watched and talked to."""
