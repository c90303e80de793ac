"""From CRM tables to a table that one may learn from."""
