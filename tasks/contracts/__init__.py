"""From raw text to typed core tables; what does not fit becomes a reject with a reason."""
