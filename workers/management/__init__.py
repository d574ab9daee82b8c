"""Commands that speak to the model server."""
