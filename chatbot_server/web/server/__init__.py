"""Sockets, connections and streams: how requests come in and answers go out. No route."""
