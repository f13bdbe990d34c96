"""The client app: processes, the workers in them, and what they want done."""
