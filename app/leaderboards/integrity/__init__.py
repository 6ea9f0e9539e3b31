"""How far the boards can be trusted: audits, certificates, vote fraud, and the public report of all of it."""
