"""Tests that open the report in Debian's Chromium."""
