"""Runs the program of the version this file lies in, whatever folder one is in."""

import sys

if __name__ == "__main__":
    try:
        from chatbot_server.__main__ import main

        main()
    except KeyboardInterrupt:  # before the program itself minds it
        sys.exit(130)
