"""Arrays in, estimates out: no family, network or claim is known here."""
