"""What columns of known vendors mean: one YAML file a vendor, read and checked here; nothing else names a vendor."""
