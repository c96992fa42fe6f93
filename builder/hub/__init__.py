"""Pushes a built folder to a dataset repository of the Hugging Face Hub, in one commit, and reads it back."""

from builder.hub.client import Hub
from builder.hub.plan import PushOptions, PushPlan, plan_push
from builder.hub.push import Pushed, carry_out

__all__ = ["Hub", "PushOptions", "PushPlan", "Pushed", "carry_out", "plan_push"]
