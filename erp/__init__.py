"""The ERP store: tables, services that take a session and never commit, queries for the pages, journal, inbox, links."""
