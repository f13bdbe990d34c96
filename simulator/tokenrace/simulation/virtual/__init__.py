"""The virtual engine: simulated processes, network and store on one event loop, in virtual time."""
