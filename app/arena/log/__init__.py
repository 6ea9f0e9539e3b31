"""The vote log: exports it for publication or for another arena, and imports it from one."""
