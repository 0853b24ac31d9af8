"""FastAGI server: plays a flow to one caller over pyst2's AGI class."""
