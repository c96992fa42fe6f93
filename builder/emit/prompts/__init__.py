"""Fluent prompts: what kind of text a description is, and the templates that suit it."""
