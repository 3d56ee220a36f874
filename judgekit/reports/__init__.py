"""Figures and facts as tables that fit a terminal. Builds what is shown; prints nothing."""
