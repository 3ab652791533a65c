"""From the tree of an HTML page to blocks of text: what stands on the page, and nothing else."""
