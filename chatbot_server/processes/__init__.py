"""Work done aside: in a child process of its own, or in a thread that is read with patience."""
