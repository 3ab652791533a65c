"""What owners bring and take away: files, tables of entries, pages that a CMS sends, exports."""
