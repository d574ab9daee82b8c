"""Trainers as judges of the exports: `make test-trainers`, in an environment of its own."""
