"""Votes in and out of the arena as files with a manifest that lets anybody check them."""
