"""This project: `corpus-audit profile`, all four analyses, Beam's local runner."""

import sys

from common import arguments

from audit.cli import main

options = arguments()
sys.exit(
    main(
        [
            "profile",
            f"all={options.documents}",
            "--out",
            str(options.work / "out"),
            "--workers",
            "1",
            "--no-progress",
        ]
    )
)
