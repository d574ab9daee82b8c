"""Django's PostgreSQL backend with one difference; `base` is the name that Django looks for."""
