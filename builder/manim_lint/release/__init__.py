"""What one release of Manim has: names, signatures, and what older names became."""
