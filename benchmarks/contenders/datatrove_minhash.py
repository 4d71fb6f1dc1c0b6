"""datatrove: the four MinHash stages alone, one process."""

from common import arguments, done
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader

options = arguments()
config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
work = options.work


def reader():
    folder, name = str(options.documents.parent), options.documents.name
    return JsonlReader(folder, glob_pattern=name)


stages = {
    "signatures": [
        reader(),
        MinhashDedupSignature(str(work / "signatures"), config=config),
    ],
    "buckets": [
        MinhashDedupBuckets(
            str(work / "signatures"), str(work / "buckets"), config=config
        )
    ],
    "clusters": [
        MinhashDedupCluster(str(work / "buckets"), str(work / "removed"), config=config)
    ],
    "filter": [reader(), MinhashDedupFilter(str(work / "removed"))],
}
for name, steps in stages.items():
    logs = str(work / "logs" / name)
    tasks = config.num_buckets if name == "buckets" else 1
    LocalPipelineExecutor(steps, logging_dir=logs, tasks=tasks, workers=1).run()
done(stages=len(stages))
