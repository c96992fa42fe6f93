"""Tests that install the project, as a wheel, into virtual environments of their own."""
