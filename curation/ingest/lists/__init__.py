"""Lists of photos: tables that name files with their label, split and role."""
