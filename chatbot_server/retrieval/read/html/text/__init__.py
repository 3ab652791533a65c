"""Text of a page: what HTML joins and parts, and the blocks that it is kept in."""
