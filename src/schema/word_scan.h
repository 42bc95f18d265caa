#pragma once

#include <map>
#include <string>
#include <vector>

#include "column/batch.h"
#include "profile/token_state.h"
#include "schema/schema.h"

namespace roost::schema {

/// Whether the rules of `column` ask for counts of its words, and are checked.
bool NeedsWords(const ColumnRules& column);

/// The words of each column whose rules ask for them, by the column's name.
using WordCounts = std::map<std::string, profile::TokenSummary, std::less<>>;

/// Counts the words of the columns whose rules ask for them, batch after batch: profiles have none unless they were
/// asked for. Of what a list holds ("tags[]") each value is a row.
/// Memory: that of a TokenState for each such column. Threads: one at a time.
class WordScan {
 public:
  explicit WordScan(const Schema& schema);

  void Add(const column::BatchView& batch);
  WordCounts Counts() const;

 private:
  struct Column {
    std::string name;
    profile::TokenState state;
  };
  std::vector<Column> columns_;
};

}  // namespace roost::schema
