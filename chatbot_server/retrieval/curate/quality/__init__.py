"""How good the answers are: golden questions, and questions whose right answers are known."""
