"""The API check: does a program use only what Manim has, as Manim has it? Static, against a recorded snapshot."""
