"""
The attack benchmark (docs/integrity.md): what votes bought or scripted gain, without defences and with them.

It stands on this floor because it runs issuing, voting, rating and the sweep together.
"""
