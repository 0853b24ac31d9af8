"""Messages (留言): what citizens recorded in a flow, to be heard and dealt with."""
