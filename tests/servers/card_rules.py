"""What the Hub asks of a dataset card's head, as its documents and its client say it (`/api/validate-yaml`)."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from huggingface_hub.repocard import REGEX_YAML_BLOCK

LICENCES = frozenset(
    "apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 "
    "bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 "
    "cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 "
    "cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 "
    "cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 agpl-3.0 gfdl gpl "
    "gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by odbl openrail++ osl-3.0 postgresql "
    "ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license llama2 gemma unknown other".split()
)
"""https://huggingface.co/docs/hub/repositories-licenses, as the documents' repository had it."""
TASKS = frozenset(
    "text-generation text-classification token-classification question-answering summarization translation "
    "feature-extraction fill-mask text-to-image text-to-video image-to-text other".split()
)
"""Some of the Hub's tasks."""


def head_problems(card: str) -> list[str]:
    """Everything that the Hub would not take."""
    found = REGEX_YAML_BLOCK.match(card)
    if not found:
        return ["no head"]
    try:
        head = yaml.safe_load(found[2])
    except yaml.YAMLError as error:
        return [f"not YAML: {error}"]
    return list(_problems(head)) if isinstance(head, dict) else ["the head is no mapping"]


def _problems(head: dict[str, Any]) -> Iterator[str]:
    for key, known in (("license", LICENCES), ("task_categories", TASKS)):
        yield from (
            f'"{key}" must be one of [...], not {value!r}' for value in _listed(head, key) if value not in known
        )
    for value in _listed(head, "language"):
        if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2,3}|code|multilingual", value):
            yield f'"language" must be an ISO 639 code, not {value!r}'
    for key in ("tags", "source_datasets", "pretty_name", "license_name"):
        yield from (f'"{key}" must hold texts, not {value!r}' for value in _listed(head, key) if type(value) is not str)
    names = [config.get("config_name") for config in head.get("configs", ())]
    if len(set(names)) != len(names) or sum(bool(config.get("default")) for config in head.get("configs", ())) > 1:
        yield '"configs" must have names of their own, and one default at most'
    for config in head.get("configs", ()):
        for file in config["data_files"]:
            if set(file) != {"split", "path"} or not re.fullmatch(r"\w+(\.\w+)*", file["split"]):
                yield f'"configs" must name splits and paths, not {file!r}'
    for info in head.get("dataset_info", ()):
        if info["config_name"] not in names:
            yield f'"dataset_info" tells of {info["config_name"]!r}, which is no config'


def _listed(head: dict[str, Any], key: str) -> list[Any]:
    value = head.get(key, [])
    return value if isinstance(value, list) else [value]
