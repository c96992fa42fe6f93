"""The report: one HTML file that shows a built or exported folder, made from its ledger and its data alone."""
