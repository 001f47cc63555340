"""The pages: one module per subject, each with a router."""
