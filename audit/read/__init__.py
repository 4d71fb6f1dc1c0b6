"""Read corpora of any usual format and layout as DOCUMENT batches with bounded memory.

In: files, folders and globs on a `FileSystem`. Out: `ReadBatch` values: documents, and
a reject for every record that is none.
"""

from audit.read.files import FileInfo, FileSystem, LocalFileSystem, find_files
from audit.read.inspect import Inspection, inspect_files, require_documents
from audit.read.layouts import layout_names
from audit.read.options import ReadBatch, ReadOptions, Split
from audit.read.splits import plan_splits, read_split

__all__ = [
    "FileInfo",
    "FileSystem",
    "Inspection",
    "LocalFileSystem",
    "ReadBatch",
    "ReadOptions",
    "Split",
    "find_files",
    "inspect_files",
    "layout_names",
    "plan_splits",
    "read_split",
    "require_documents",
]
