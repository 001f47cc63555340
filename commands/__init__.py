"""The groups of the `connect` command; each uses the same services and updates as the web."""
