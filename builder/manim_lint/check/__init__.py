"""What is wrong with a program: its names, calls and values, held against the recorded release."""
