"""Pushes a built folder to a dataset repository of the Hugging Face Hub, in one commit, and reads it back."""

from builder.publish.hub.client import Hub
from builder.publish.hub.plan import PushOptions, PushPlan, plan_push, plan_unasked
from builder.publish.hub.push import Pushed, carry_out

__all__ = ["Hub", "PushOptions", "PushPlan", "Pushed", "carry_out", "plan_push", "plan_unasked"]
