"""Choose pairs, issue them as matchups, show their pictures, and take the votes."""
