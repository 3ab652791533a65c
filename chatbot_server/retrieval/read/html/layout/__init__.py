"""What belongs together on a page: tables, tabs, accordions, cards, lists and their headings."""
