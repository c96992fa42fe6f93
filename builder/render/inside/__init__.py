"""What runs inside the sandbox, with the Python that has Manim: it imports nothing of the rest of `builder`."""
