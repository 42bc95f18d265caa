#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "profile/log_histogram.h"
#include "profile/summary.h"
#include "profile/value_sketch.h"

namespace roost::profile {

/// A word in lower case.
struct Token {
  std::string text;
  uint64_t characters = 0;
};

/// The words of `text`: runs of letters and digits, as characters.h tells them. What is not UTF-8 parts words.
std::vector<Token> TokensOf(std::string_view text);

struct TokenHasher {
  using is_transparent = void;
  size_t operator()(std::string_view token) const { return Hash64(token); }
};

/// Words that a text column is expected to be made of. Immutable; readable from any number of threads.
class Vocabulary {
 public:
  /// Words may come twice, and in any case.
  explicit Vocabulary(std::span<const std::string> words);

  /// `token` is in lower case.
  bool Has(std::string_view token) const { return words_.contains(token); }
  /// Tells vocabularies apart; between 1 and 2^63.
  uint64_t fingerprint() const { return fingerprint_; }

 private:
  absl::flat_hash_set<std::string, TokenHasher, std::equal_to<>> words_;
  uint64_t fingerprint_ = 0;
};

/// The words of a text column. A law-abiding state: see README.md.
///
/// Each word has its count, its rows and so on exactly, up to 65,536 distinct words with 4 MiB of text between them.
/// Beyond, as in TopValues, sketches take over, those of the union of all rows: one of the words' counts and one of
/// their rows. Then only frequent words are listed, `rows` is 0 where the second sketch did not find a word too, and
/// the least and greatest number in a row and the mean position are not known (0). All other figures stay exact.
///
/// Cost: about 0.1 µs a word. 40 KB, 100 bytes a distinct word, and 4 MB beyond the cap. Threads: a state belongs to
/// one thread at a time.
class TokenState {
 public:
  /// `vocabulary`: null, or what coverage is told of.
  explicit TokenState(std::shared_ptr<const Vocabulary> vocabulary = nullptr) : vocabulary_(std::move(vocabulary)) {}

  /// `count` rows with `text`.
  void Add(std::string_view text, int64_t count);
  /// OutOfRange where both have more words together than are counted.
  absl::Status CheckMerge(const TokenState& other) const;
  /// Legal where CheckMerge(other) is OK. States of different vocabularies, or of which only one has one, have no
  /// coverage together.
  void Merge(const TokenState& other);

  TokenSummary Summarize() const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state, or one of other than `rows` rows. The state knows no vocabulary:
  /// what is added to it ends its coverage, what is merged into it does not.
  static absl::StatusOr<TokenState> Parse(ByteReader& reader, int64_t rows);

 private:
  /// Of one word. Positions are from 0 (the first word of a row) to 65,535 (its last).
  struct Record {
    int64_t count = 0;
    int64_t rows = 0;
    int64_t min_in_row = 0;  // of the rows that have the word
    int64_t max_in_row = 0;
    uint64_t positions = 0;  // their sum; more than 2^48 words would overflow it, without harm

    void Merge(const Record& other);
  };
  using Records = absl::flat_hash_map<std::string, Record, TokenHasher, std::equal_to<>>;
  struct Sketches {
    ValueSketch counts;
    ValueSketch rows;
  };
  /// Least and greatest of something that is counted.
  struct Ends {
    uint64_t least = 0;
    uint64_t greatest = 0;

    void Add(uint64_t value, bool first);
    void Merge(const Ends& other, bool first);
  };

  void AddRecord(std::string_view token, const Record& record);
  void AddToSketches(std::string_view token, const Record& record);
  void StopCounting();
  /// To be called before rows with the vocabulary of that fingerprint are added.
  void JoinVocabulary(uint64_t fingerprint);
  std::vector<std::pair<std::string_view, const Record*>> SortedByToken() const;
  std::vector<TokenSummary::Token> Top() const;
  absl::Status ParseRecords(ByteReader& reader);

  std::shared_ptr<const Vocabulary> vocabulary_;
  int64_t rows_ = 0;
  int64_t tokens_ = 0;
  Ends row_lengths_;    // words in a row; 0 and 0 where rows_ is 0
  Ends token_lengths_;  // characters of a word; 0 and 0 where tokens_ is 0
  uint64_t characters_ = 0;
  LogHistogram row_length_counts_;
  LogHistogram token_length_counts_;
  uint64_t coverage_of_ = 0;  // the fingerprint of the rows' vocabulary, 0 for none, or kDifferent
  int64_t in_vocabulary_ = 0;
  Records records_;  // empty once there are sketches
  size_t text_bytes_ = 0;
  std::optional<Sketches> sketches_;
};

}  // namespace roost::profile
