"""
The sweep: who voted as honest people do not, what becomes of their votes, and what a sweep leaves behind.

It stands on this floor because it holds the log of the arena against the ratings that the log makes.
"""
