"""From ready charges to a folder of files: claim, freeze, render, publish."""
