"""What a training minimises: one file per objective, each an `Objective` of `training/step.py`."""
