"""Bring up what runs the flows by themselves: server, pool, deployments, automations, worker."""
