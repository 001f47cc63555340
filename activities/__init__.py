"""The only place where connectors and the ERP store meet: load, one call, store, receipt."""
