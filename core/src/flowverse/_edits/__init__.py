"""What people change in synced modules: compared, merged, kept as patches, and brought back from backups."""
