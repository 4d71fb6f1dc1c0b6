"""This project: the language and script of each document, reading included."""

from common import arguments, done

from audit.annotate.language import LanguageAnnotator
from audit.batch import Batch
from audit.read import LocalFileSystem, ReadOptions, find_files, plan_splits, read_split

options = arguments()
annotator = LanguageAnnotator(model=str(options.model) if options.model else None)
files = LocalFileSystem()
named = 0
chosen = ReadOptions()
for split in plan_splits(find_files([str(options.documents)], files), chosen, files):
    for read in read_split(split, chosen, files):
        if read.documents.num_rows:
            annotator.annotate(Batch(read.documents))
            named += read.documents.num_rows
done(documents=named)
