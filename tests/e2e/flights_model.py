"""The model of examples/flights built by hand from numpy and scikit-learn, to hold Roost's figures against."""
import numpy
import pandas
from sklearn.linear_model import LogisticRegression

LATE_MINUTES = 15
BUCKETS = 10
MIN_COUNT = 20
L2 = 1.0


def labels(frame):
    return (frame["delay"] > LATE_MINUTES).to_numpy().astype(int)


def one_hot(values, known):
    """One column for each of `known`, and a last one for every other value."""
    codes = pandas.Index(known).get_indexer(values)
    return numpy.eye(len(known) + 1)[numpy.where(codes < 0, len(known), codes)]


class Features:
    """Hour, weekday, month, distance (standardized; in buckets of quantiles), origin and destination."""

    def __init__(self, train, borders):
        distance = train["distance"].to_numpy(float)
        self.mean, self.deviation = distance.mean(), distance.std()
        self.borders = borders
        self.words = {column: [word for word, count in train[column].value_counts().items() if count >= MIN_COUNT]
                      for column in ("origin", "destination")}

    def __call__(self, frame):
        distance = frame["distance"].to_numpy(float)
        bucket = numpy.searchsorted(self.borders, distance, side="right")
        return numpy.hstack([
            one_hot(frame["date"].dt.hour, range(24)), one_hot(frame["date"].dt.day_of_week, range(7)),
            one_hot(frame["date"].dt.month, range(1, 13)), ((distance - self.mean) / self.deviation)[:, None],
            one_hot(bucket, range(len(self.borders) + 1)),
            *(one_hot(frame[column], words) for column, words in self.words.items())])


def borders(train):
    """Between which distances the buckets lie, by numpy's quantiles."""
    return numpy.quantile(train["distance"].to_numpy(float), numpy.arange(1, BUCKETS) / BUCKETS)


def probabilities(train, evaluate, distance_borders):
    """What scikit-learn, trained on `train`, predicts for `evaluate`."""
    features = Features(train, distance_borders)
    model = LogisticRegression(C=1 / L2, solver="newton-cholesky", tol=1e-10).fit(features(train), labels(train))
    return model.predict_proba(features(evaluate))[:, 1]
