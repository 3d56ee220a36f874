"""What the annotations tell about the people who gave them."""
