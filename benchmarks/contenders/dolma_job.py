"""dolma: its tagger of languages over whole documents, without its file handling."""

from common import arguments, done, texts
from dolma.core.data_types import Document
from dolma.taggers.language import FastTextAllLanguagesDocumentTagger

options = arguments()
# Its own address of the model would be fetched.
FastTextAllLanguagesDocumentTagger.MODEL_PATH = str(options.model)
tagger = FastTextAllLanguagesDocumentTagger()
said = [
    tagger.predict(Document(source="all", id=str(row), text=text)).to_json()
    for row, text in enumerate(texts(options.documents))
]
done(documents=len(said))
