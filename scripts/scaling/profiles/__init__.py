"""What the profiles of training steps tell, against the baseline's."""
