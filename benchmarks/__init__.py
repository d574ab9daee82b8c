"""What `make bench` measures: always side by side with a yardstick, in alternating pairs, in one run."""
