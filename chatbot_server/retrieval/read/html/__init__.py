"""From the tree of an HTML page to blocks of text: what is on the page, and nothing else."""
