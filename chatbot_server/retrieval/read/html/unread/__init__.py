"""What is not read of a page: what no visitor sees, and what says nothing of its subject."""
