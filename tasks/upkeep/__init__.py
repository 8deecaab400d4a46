"""What keeps a warehouse small and its folder tidy, and changes nothing that anybody decided."""
