"""The Hub and Kaggle: files asked for, fetched in part or whole, and checked."""
