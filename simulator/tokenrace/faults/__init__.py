"""A kind of fault: its section of the scenario, plan, description, label and rules.

The sections (``process``, ``deployment``, ``store``, ``provider``, ``network``) belong to whoever
reads scenarios; ``kinds`` is the one table of them. What a section plans (``planned``,
``schedule``) is free of them: a process of a run loads no reader of scenarios.
"""
