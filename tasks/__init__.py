"""How each step is done: one package per step, pure modules, and one task.py each for Prefect."""
