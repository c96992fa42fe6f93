"""`doctor` on the machine that renders these tests."""

from pathlib import Path

import pytest

from builder.manim_lint.release.model import manim_release
from builder.render.doctor import examine

pytestmark = pytest.mark.render


def test_a_machine_that_renders_is_ready(tmp_path: Path):
    """A formula is compiled and a scene is rendered in the sandbox, by the release whose names the API check knows."""
    findings = {finding.name: finding for finding in examine(tmp_path, manim_release())}

    assert [finding for finding in findings.values() if finding.stops] == []
    assert findings["Manim"].found == manim_release()
    assert findings["a formula"].found == "compiled, and turned into curves"
    assert findings["a scene"].found.startswith("rendered in ")
