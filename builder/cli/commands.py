"""All commands, in the order in which `--help` lists them. To add one, write its `run` and add a line here."""

from builder.cli.build import add_build_arguments, build, export
from builder.cli.command import Command
from builder.cli.doctor import add_doctor_arguments, doctor
from builder.cli.evaluate import add_evaluate_arguments, evaluate
from builder.cli.explain import add_explain_arguments, explain
from builder.cli.lint import add_lint_arguments, lint
from builder.cli.parser import add_completion_arguments, completion
from builder.cli.push import add_push_arguments, push
from builder.cli.render import DEFAULT, SETTINGS_WITHOUT_USE, add_render_arguments, add_verify_arguments, render, verify
from builder.cli.report import (
    add_check_arguments,
    add_diff_arguments,
    add_orphans_arguments,
    add_records_arguments,
    add_report_arguments,
    add_review_arguments,
    check,
    diff,
    orphans,
    records,
    report,
    review,
)
from builder.cli.settings import READING
from builder.cli.sources import add_sources_arguments, sources
from builder.config import BUILT_BY_DEFAULT, DEFAULT_CONFIG, DEFAULT_EXPORT, setting_names

COMMANDS = (
    Command(
        "build",
        "build configs of the dataset into a folder that load_dataset reads",
        ("build --sample", "build --config curated deduplicated"),
        build,
        add_build_arguments,
        without=("trainer",),
        default=", ".join(BUILT_BY_DEFAULT),
        several=True,
        writes=True,
    ),
    Command(
        "export",
        "write train.json and test.json for offline fine-tuning",
        (
            "export --deduplicate --output-dir training_set",
            "export --local thanks_dataset=rows.jsonl --datasets thanks_dataset",
        ),
        export,
        default=f"{DEFAULT_EXPORT}; with --deduplicate, {DEFAULT_CONFIG}",
        writes=True,
    ),
    Command(
        "verify",
        "render the programs that a config would keep, in a sandbox, and keep the verdicts in the cache",
        ("verify", "verify --only manimbench/000012", "verify --retry failed --limit 100"),
        verify,
        add_verify_arguments,
        without=SETTINGS_WITHOUT_USE,
        default=DEFAULT,
    ),
    Command(
        "doctor",
        "look for what rendering needs on this machine, and say how to get what is missing",
        ("doctor", "doctor --json"),
        doctor,
        add_doctor_arguments,
        takes_settings=False,
    ),
    Command(
        "sources",
        "show each source with its columns, rows, licence and cache state",
        ("sources", "sources --inspect rows.csv"),
        sources,
        add_sources_arguments,
        without=tuple(name for name in setting_names() if name not in READING),
    ),
    Command(
        "push",
        "push the built dataset to the Hub in one commit, and read it back",
        (
            "push --repo org/manim-sft --dry-run",
            "push --repo org/manim-sft --public --licences permissive --tag v1.2",
        ),
        push,
        add_push_arguments,
        without=("trainer",),
        default=f"{', '.join(BUILT_BY_DEFAULT)}, and what else the folder holds",
        several=True,
        writes=True,
    ),
    Command(
        "check",
        "prove anew that a built or exported folder is sound",
        ("check manim_combined",),
        check,
        add_check_arguments,
        takes_settings=False,
    ),
    Command(
        "diff",
        "compare two builds: what came, went or changed, and why",
        ("diff manim_combined_before manim_combined",),
        diff,
        add_diff_arguments,
        takes_settings=False,
    ),
    Command(
        "report",
        "show a built or exported folder as one HTML page",
        (
            "report manim_combined",
            "report manim_combined --config all --before manim_combined_before --output all.html",
        ),
        report,
        add_report_arguments,
        takes_settings=False,
    ),
    Command(
        "review",
        "decide on the rows of a folder in a browser; decisions go into its decisions.jsonl, for the next build",
        ("review manim_combined",),
        review,
        add_review_arguments,
        takes_settings=False,
    ),
    Command(
        "records",
        "write rows as records of Argilla or Label Studio, or read decisions out of what these exported",
        ("records manim_combined --to argilla --queue re-paired", "records annotated.json --output decisions.jsonl"),
        records,
        add_records_arguments,
        takes_settings=False,
    ),
    Command(
        "orphans",
        "write requests to a model for the programs that stand in no row for want of a description",
        ("orphans manim_combined --model MODEL --output requests.jsonl",),
        orphans,
        add_orphans_arguments,
        takes_settings=False,
    ),
    Command(
        "lint",
        "check Manim programs without running them: names, arguments and values; fix what can be fixed",
        ("lint scene.py", "lint scenes --diff", "lint rows.jsonl README.md --json", "lint - --fix"),
        lint,
        add_lint_arguments,
        takes_settings=False,
    ),
    Command(
        "render",
        "render one program in a sandbox, show what came of it, and write its last frame or a short loop",
        ("render scene.py", "render scene.py --loop --output scene.webp"),
        render,
        add_render_arguments,
        takes_settings=False,
    ),
    Command(
        "evaluate",
        "score what a model wrote for the rows of a folder, or say whether two runs differ",
        (
            "evaluate predictions.jsonl --against manim_combined --config curated",
            "evaluate before.jsonl after.jsonl --against manim_combined",
        ),
        evaluate,
        add_evaluate_arguments,
        takes_settings=False,
    ),
    Command(
        "explain",
        "show one row's life: each change, check and decision, and why",
        ("explain manim_codegen/000004 --sample", 'explain "red circle" --config curated --json'),
        explain,
        add_explain_arguments,
        without=("trainer", "previews"),
    ),
    Command(
        "completion",
        "print what makes a shell complete commands, flags and files",
        ("completion bash",),
        completion,
        add_completion_arguments,
        takes_settings=False,
    ),
)
