"""The owner's pages: server-rendered, and whole without JavaScript."""
