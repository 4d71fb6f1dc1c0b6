"""data-juicer: statistics of six operators over all documents, one process."""

import shutil

import yaml
from common import arguments, done
from data_juicer.config import init_configs
from data_juicer.core import Analyzer
from data_juicer.utils import model_utils

options = arguments()
copy = options.work / "lid.176.bin"
shutil.copy(options.model, copy)
# Its own address of the model would be fetched.
model_utils.check_model = lambda *_, **__: str(copy)
recipe = options.work / "recipe.yaml"
recipe.write_text(
    yaml.safe_dump(
        {
            "project_name": "all",
            "dataset_path": str(options.documents),
            "export_path": str(options.work / "out" / "all.jsonl"),
            "np": 1,
            "text_keys": "text",
            "process": [
                {"language_id_score_filter": {"min_score": 0.0}},
                {"alphanumeric_filter": {"tokenization": False}},
                {"character_repetition_filter": {"rep_len": 10}},
                {"special_characters_filter": {}},
                {"text_length_filter": {}},
                {"words_num_filter": {"tokenization": False}},
            ],
        }
    ),
    "utf-8",
)
Analyzer(init_configs(["--config", str(recipe)])).run(skip_export=True)
done(operators=6)
