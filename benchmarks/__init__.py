"""How long the job takes and how much memory, beside the floor: what reading and storing costs."""
