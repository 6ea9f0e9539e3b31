"""The boards' integrity: audits, certificates, vote fraud, and the public report of all of it."""
