"""Language models behind one contract; see :mod:`chatbot_server.engine.base`."""
