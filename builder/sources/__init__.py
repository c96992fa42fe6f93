"""Where rows come from: the Hub, Kaggle, local files, and the sample."""
