"""`hotline bench`: what the product costs beside Asterisk alone and beside the bare libraries, measured in one run."""
