"""``chatbot-server`` and ``python -m chatbot_server``."""

from chatbot_server.cli.main import main

if __name__ == "__main__":
    main()
