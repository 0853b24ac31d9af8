"""AMI consumer over panoramisk: parse, interpret, journal, deliver, resync; and the switch commands."""
