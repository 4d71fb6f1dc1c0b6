"""text-dedup: its MinHash from the file to what is left, one process, pairs checked."""

import json

from common import arguments, done
from text_dedup.config.base import load_config_from_toml
from text_dedup.minhash import main

options = arguments()
read, work = json.dumps(str(options.documents)), options.work
# It takes its settings from a file and from nowhere else.
settings = work / "settings.toml"
settings.write_text(
    f"""
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
output_dir = {json.dumps(str(work / "out"))}
[debug]
enable_profiling = false
""",
    "utf-8",
)
main(load_config_from_toml(settings))
done(stages=4)
