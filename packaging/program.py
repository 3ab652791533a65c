"""Runs the program of the version this file lies in, whatever folder one is in."""

from chatbot_server.__main__ import main

if __name__ == "__main__":
    main()
