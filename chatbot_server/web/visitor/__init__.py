"""The routes of a site's visitors: the widget, the panel, the plain page, and what they call."""
