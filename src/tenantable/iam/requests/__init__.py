"""From a request to what must be allowed for it: actions, resources and the context that conditions are tested with."""
