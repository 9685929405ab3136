"""Pages for those who lead a site, or the installation."""
