"""What the pages read: one module per subject, functions taking a session, frozen answers, keyset paging, no N+1."""
