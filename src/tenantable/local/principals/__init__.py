"""Components as principals: what they are allowed, their sessions for one tenant, and the keys that prove them."""
