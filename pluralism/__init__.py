"""Pure functions of the field: strategies, display orders, diversity, agreement. No Django, network, clock or global random generator."""
