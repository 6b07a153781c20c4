"""Commands about infrastructure: plan, apply, drift, export, cost."""
