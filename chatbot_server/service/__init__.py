"""The processes of a running server: web, engine, jobs."""
