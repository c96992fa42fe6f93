"""Kinds of files as tables: what is packed is unpacked, text is brought to UTF-8, and each kind has its reader."""
