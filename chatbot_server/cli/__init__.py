"""The command line; see `chatbot-server --help`."""
