"""datatrove: language, MinHash in four stages and domain statistics, one process."""

import tldextract
from common import arguments, done
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import LanguageFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.stats import DocStats
from datatrove.utils import lid

options = arguments()
# Neither the model nor the suffix list may be fetched while the clock runs.
lid.cached_asset_path_or_download = lambda *_, **__: str(options.model)
_extract = tldextract.TLDExtract
tldextract.TLDExtract = lambda **_: _extract(suffix_list_urls=(), cache_dir=None)
folder = str(options.documents.parent)
config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)


def reader():
    return JsonlReader(folder, glob_pattern=options.documents.name)


def carry_out(name, *steps, tasks=1):
    logs = str(options.work / "logs" / name)
    LocalPipelineExecutor([*steps], logging_dir=logs, tasks=tasks, workers=1).run()


work = options.work
carry_out(
    "language",
    reader(),
    LanguageFilter(label_only=True),
    DocStats(str(work / "stats"), groups_to_compute=["summary", "fqdn", "suffix"]),
)
carry_out(
    "signatures",
    reader(),
    MinhashDedupSignature(str(work / "signatures"), config=config),
)
carry_out(
    "buckets",
    MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=config),
    tasks=config.num_buckets,
)
carry_out(
    "clusters",
    MinhashDedupCluster(str(work / "buckets"), str(work / "removed"), config=config),
)
carry_out("filter", reader(), MinhashDedupFilter(str(work / "removed")))
done(stages=5)
