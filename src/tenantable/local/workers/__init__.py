"""Several processes that answer at one port: `ports` shares it among them, `supervision` starts and watches them."""
