"""Service-quality metric definitions with stated meanings, honest intervals and real speed."""
