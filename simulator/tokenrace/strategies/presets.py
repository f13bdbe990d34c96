"""The presets: strategies that real libraries and services ship, each by its usual name.

``check_then_act``, ``mutex_double_checked``, ``single_flight`` and both shared ones differ in
control and scope alone: their leeway is the same, so that comparing them compares that.
"""

from collections.abc import Mapping

from tokenrace.strategies.fleet_presets import FLEET_PRESETS
from tokenrace.strategies.preset import Preset
from tokenrace.strategies.process_presets import PROCESS_PRESETS

__all__ = ["PRESETS", "Preset"]

PRESETS: Mapping[str, Preset] = {**PROCESS_PRESETS, **FLEET_PRESETS}
"""Every preset, by the name a scenario uses."""
