"""REST for researchers and scripts: tokens, serializers, views."""
