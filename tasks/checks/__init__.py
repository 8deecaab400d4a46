"""What is checked besides each charge: records, where CLIs came from, the price book."""
