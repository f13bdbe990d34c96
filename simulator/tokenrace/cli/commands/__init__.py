"""The commands as typer sees them: arguments, options, help and exit codes. None does the work.

What a command needs is imported when it runs, never above: `tokenrace --help` is quick.
"""
