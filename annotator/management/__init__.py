"""Commands: doors to the services for people at a terminal."""
