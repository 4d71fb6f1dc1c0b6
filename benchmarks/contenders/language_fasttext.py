"""fasttext-wheel with a model file: the label of each document."""

from common import arguments, done, texts
from fasttext.FastText import _FastText

options = arguments()
model = _FastText(str(options.model))
said = [
    model.f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")
    for text in texts(options.documents)
]
done(documents=len(said))
