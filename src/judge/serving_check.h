#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace roost::judge {

/// How far the values of one column at serving are from those of the training rows, by one measure.
struct ServedDistance {
  std::string column;
  std::string measure;  ///< "jensen_shannon" and so on (profile/distance.h), or "missing": of shares of missing values
  double value = 0;
  double limit = 0;
  std::string limit_from;         ///< "the schema" or "the default"
  std::optional<double> p_value;  ///< adjusted for the number of columns; none: a difference of this size is no chance
  bool broken = false;            ///< above its limit, and beyond chance
};

/// Served and training rows of one key, value by value.
struct JoinedRows {
  struct Column {
    std::string column;
    int64_t skewed = 0;  ///< joined rows with another value at serving
  };
  int64_t joined = 0;
  double max_skewed = 0;        ///< the share that may be, of each column
  std::vector<Column> columns;  ///< of the model's, all that were compared
};

/// Whether the rows that were served are like those that the version learned from.
struct ServingCheck {
  std::string source;  ///< "served@3", "served/*.parquet"; "" where none is named
  /// Why nothing was compared: no served rows are named, or there are none. "" where something was.
  std::string absent;
  int64_t served_rows = 0;
  int64_t training_rows = 0;
  std::vector<ServedDistance> distances;
  std::vector<std::string> not_compared;  ///< columns, each with the reason
  /// Sentences on columns that cannot be compared as they should: gone at serving, of another type, or always missing.
  std::vector<std::string> gone;
  std::optional<JoinedRows> joined;  ///< where keys are declared

  bool judged() const { return absent.empty(); }
  /// True where nothing was compared, which ToText says.
  bool passed() const { return Broken().empty(); }
  /// A sentence for each limit that is broken.
  std::vector<std::string> Broken() const;
  /// One sentence for people, whether it passed or not.
  std::string ToText() const;
  Json ToJson() const;
};

/// Two-sided chance of shares of missing values as far apart as `served` of `served_rows` and `training` of
/// `training_rows`, were they drawn from one source (normal approximation); 1 where nothing is missing or everything.
double MissingPValue(int64_t served, int64_t served_rows, int64_t training, int64_t training_rows);

}  // namespace roost::judge
