"""Django's PostgreSQL backend with two differences; `base` is the name that Django looks for."""
