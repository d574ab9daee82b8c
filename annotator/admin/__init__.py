"""The admin: every module registers what it shows."""
