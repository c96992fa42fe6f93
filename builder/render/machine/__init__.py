"""What a machine has of what rendering needs, part by part."""
