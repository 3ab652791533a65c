"""What answers are fitted and measured on: sites, and questions whose right answers are known."""
