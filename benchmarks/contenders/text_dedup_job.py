"""text-dedup: its MinHash from the file to what is left, one process, pairs checked."""

import json

from common import arguments, done
from text_dedup.config.base import load_config_from_toml
from text_dedup.minhash import main

SETTINGS = """
[input]
input_type = "local_files"
file_type = "json"
read_arguments = {{ path = "json", split = "train", data_files = {read} }}
[algorithm]
algorithm_name = "minhash"
num_perm = 128
text_column = "text"
threshold = 0.8
ngram_size = 5
num_proc = 1
check_false_positive = true
[output]
output_dir = {out}
[debug]
enable_profiling = false
"""


def carry_out():
    """Write the settings to a file, where alone they are looked for, and run."""
    options = arguments()
    settings = options.work / "settings.toml"
    read, out = str(options.documents), str(options.work / "out")
    settings.write_text(
        SETTINGS.format(read=json.dumps(read), out=json.dumps(out)), "utf-8"
    )
    main(load_config_from_toml(settings))
    done(stages=4)


# Its workers import this file again.
if __name__ == "__main__":
    carry_out()
