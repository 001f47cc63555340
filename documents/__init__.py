"""Documents as files: from a frozen snapshot to PDF, invoice XML and mail text; imports canonical only, no database."""
