"""Who votes, who administers, and what an installation allows each of them."""
