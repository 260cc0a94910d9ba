"""Causal tests: states are changed, and the network's predictions must change as theory says."""

from validate.claims.causal.subject import Subject
from validate.claims.causal.tests import CausalFindings, causal
from validate.experiment.causal_settings import Causal

__all__ = ["Causal", "CausalFindings", "Subject", "causal"]
