"""From what a judge predicts to what is decided: estimates, a gate, and whom to ask next."""
