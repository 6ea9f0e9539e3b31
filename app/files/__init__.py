"""Files from outside: text, tables, TOML, folders and zip archives, read one way by every command."""
