"""The HTTP that every request meets around a view: context, cookies, origin check, headers, strict JSON."""
