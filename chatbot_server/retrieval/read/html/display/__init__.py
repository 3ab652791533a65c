"""What a browser makes of parts of a page by scripts, styles and icons, put into its tree."""
