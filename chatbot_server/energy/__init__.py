"""What an answer costs: measured where the machine tells, else estimated and said to be."""
