"""The domain: models, the services that write, the selectors that read, the annotators' pages, the admin."""
