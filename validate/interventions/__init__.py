"""Causal tests: states are changed, and the network's predictions must change as theory says."""

from validate.interventions.causal import CausalFindings, causal
from validate.interventions.settings import Causal
from validate.interventions.subject import Subject

__all__ = ["Causal", "CausalFindings", "Subject", "causal"]
