#include "schema/feature_skew.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/hash.h"
#include "base/status.h"
#include "column/value.h"
#include "schema/feature_skew_row.h"

namespace roost::schema {
namespace {

using column::BatchView;
using column::ColumnView;
using column::Type;

enum Side { kTraining, kServing };
constexpr int kMaxDigits = 15;
constexpr size_t kMaxSamples = 10;     // rows that are shown
constexpr size_t kMaxConfusions = 10;  // pairs of values that are shown of a column
constexpr int64_t kBlockRows = 64;
constexpr std::string_view kSideNames[] = {"training", "serving"};

struct Key {
  uint64_t high = 0;
  uint64_t low = 0;

  friend auto operator<=>(const Key&, const Key&) = default;
};

struct KeyHasher {
  size_t operator()(const Key& key) const { return key.low; }
};

// The rows of one key: their packed values, where they are kept.
struct Rows {
  std::array<const char*, 2> row = {};
  std::array<bool, 2> seen = {};
  std::array<bool, 2> repeated = {};
  bool equal = false;  // the second row is the same as the first, which alone is kept
};

// Packed rows, each behind its length, at places that stay.
class Arena {
 public:
  const char* Add(std::string_view row) {
    const auto size = static_cast<uint32_t>(row.size());
    const size_t needed = sizeof size + row.size();
    if (blocks_.empty() || blocks_.back().size() + needed > blocks_.back().capacity()) {
      blocks_.emplace_back().reserve(std::max(kBlockBytes, needed));
    }
    std::string& block = blocks_.back();
    const size_t place = block.size();
    block.append(reinterpret_cast<const char*>(&size), sizeof size);
    block.append(row);
    return block.data() + place;
  }

  static std::string_view At(const char* place) {
    uint32_t size = 0;
    std::memcpy(&size, place, sizeof size);
    return {place + sizeof size, size};
  }

 private:
  static constexpr size_t kBlockBytes = size_t{1} << 20;

  std::vector<std::string> blocks_;
};

// How often a value became another one, with the packed values of one such row.
struct Confused {
  int64_t rows = 0;
  std::string_view training;
  std::string_view serving;
};

using Confusions = absl::flat_hash_map<uint64_t, Confused>;

uint64_t HashOf(std::string_view training, std::string_view serving) { return Hash64(serving, Hash64(training)); }

// What is known of a column of the keys or of the compared ones.
struct Field {
  std::string name;
  std::array<bool, 2> present = {};
  std::array<Type, 2> type = {Type::kNull, Type::kNull};
};

Field FieldOf(std::string_view name, const BatchView& training, const BatchView& serving) {
  Field field{.name = std::string(name)};
  for (const auto& [side, batch] : {std::pair(kTraining, &training), std::pair(kServing, &serving)}) {
    const ColumnView* column = batch->Find(name);
    field.present[side] = column != nullptr;
    if (column != nullptr) field.type[side] = column->type();
  }
  return field;
}

bool Readable(const Field& field) { return CanPack(field.type[kTraining]) && CanPack(field.type[kServing]); }

// "number", "text", "time"; bytes are as good a key as text.
std::string_view KindText(Type type) {
  if (column::IsBytes(type)) return column::KindName(column::Kind::kText);
  const absl::StatusOr<column::Kind> kind = column::KindOf(type);
  return kind.ok() ? column::KindName(*kind) : column::TypeName(type);
}

absl::Status CheckKey(const Field& key) {
  if (!Readable(key)) {
    return absl::InvalidArgumentError(
        fmt::format("column '{}' cannot be a key: a key is a number, a text or a time, it is {} in training and {} in "
                    "serving",
                    key.name, column::TypeName(key.type[kTraining]), column::TypeName(key.type[kServing])));
  }
  const std::string_view training = KindText(key.type[kTraining]);
  const std::string_view serving = KindText(key.type[kServing]);
  if (training == serving) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "key '{}' is a {} in training and a {} in serving: no row could have a partner", key.name, training, serving));
}

}  // namespace

class FeatureSkewFinder::State {
 public:
  static absl::StatusOr<std::unique_ptr<State>> Make(const BatchView& training, const BatchView& serving,
                                                     FeatureSkewOptions options);

  absl::Status Add(Side side, const BatchView& batch);
  FeatureSkew Finish() const;

 private:
  // A batch's columns in the order of fields_, null where the side has none.
  absl::StatusOr<std::vector<const ColumnView*>> Bind(Side side, const BatchView& batch) const;
  // Appends a row's values. Its key, or none where a value of it is missing.
  std::optional<Key> Pack(std::span<const ColumnView* const> columns, int64_t row, std::string& bytes) const;
  void AddRow(Side side, const Key& key, std::string_view row);
  // Whether the key belongs to the sample.
  bool Sampled(const Key& key) const { return halvings_ == 0 || key.high >> (64 - halvings_) == 0; }
  void Halve();
  // Adds a pair of rows that differ to the counts of the columns.
  void Count(const Rows& rows, FeatureSkew& skew, std::vector<Confusions>& confusions) const;
  std::vector<ValueConfusion> Greatest(const Confusions& confusions, const Field& field) const;
  SkewSample SampleOf(const Rows& rows) const;

  FeatureSkewOptions options_;
  std::vector<Field> fields_;  // the keys first
  std::vector<std::string> not_compared_;
  size_t max_keys_ = 0;
  std::optional<double> scale_;  // of rounded numbers
  std::array<int64_t, 2> rows_ = {};
  std::array<int64_t, 2> without_key_ = {};
  int halvings_ = 0;
  absl::flat_hash_map<Key, Rows, KeyHasher> keys_;
  Arena arena_;
};

absl::StatusOr<std::unique_ptr<FeatureSkewFinder::State>> FeatureSkewFinder::State::Make(const BatchView& training,
                                                                                         const BatchView& serving,
                                                                                         FeatureSkewOptions options) {
  if (options.keys.empty()) {
    return WithHint(absl::InvalidArgumentError("rows of training and serving cannot be joined without a key"),
                    "name the columns that tell rows apart");
  }
  if (options.round_digits && (*options.round_digits < 0 || *options.round_digits > kMaxDigits)) {
    return absl::InvalidArgumentError(
        fmt::format("numbers are rounded to 0 to {} digits, got {}", kMaxDigits, *options.round_digits));
  }
  auto state = std::make_unique<State>();
  if (options.round_digits) state->scale_ = std::pow(10, *options.round_digits);
  for (const std::string& name : options.keys) {
    for (const auto& [side, batch] : {std::pair(kTraining, &training), std::pair(kServing, &serving)}) {
      const absl::Status found = batch->Require(name).status();
      if (!found.ok()) return Annotate(found, fmt::format("the key, in {}", kSideNames[side]));
    }
    state->fields_.push_back(FieldOf(name, training, serving));
    TRY(CheckKey(state->fields_.back()));
  }
  std::vector<std::string> names;
  for (const ColumnView& column : training.columns()) names.emplace_back(column.name());
  for (const ColumnView& column : serving.columns()) {
    if (training.Find(column.name()) == nullptr) names.emplace_back(column.name());
  }
  std::erase_if(names, [&](const std::string& name) { return std::ranges::count(options.keys, name) > 0; });
  for (const std::string& name : names) {
    Field field = FieldOf(name, training, serving);
    if (Readable(field)) {
      state->fields_.push_back(std::move(field));
    } else {
      state->not_compared_.push_back(name);
    }
  }
  const auto num_fields = static_cast<int64_t>(state->fields_.size());
  state->max_keys_ = static_cast<size_t>(std::max<int64_t>(1, options.max_values / num_fields));
  state->options_ = std::move(options);
  return state;
}

absl::StatusOr<std::vector<const ColumnView*>> FeatureSkewFinder::State::Bind(Side side, const BatchView& batch) const {
  std::vector<const ColumnView*> columns;
  for (const Field& field : fields_) {
    const ColumnView* column = field.present[side] ? batch.Find(field.name) : nullptr;
    if (field.present[side] && (column == nullptr || !CanPack(column->type()))) {
      return absl::InvalidArgumentError(
          fmt::format("column '{}' of {} {} in this batch and was {} in the first one", field.name, kSideNames[side],
                      column == nullptr ? "is missing" : "cannot be read", column::TypeName(field.type[side])));
    }
    columns.push_back(column);
  }
  return columns;
}

absl::Status FeatureSkewFinder::State::Add(Side side, const BatchView& batch) {
  TRY_ASSIGN(const std::vector<const ColumnView*> columns, Bind(side, batch));
  rows_[side] += batch.num_rows();
  // Some rows at a time: the table's memory is on its way while the next ones are packed.
  struct Packed {
    Key key;
    size_t begin = 0;
    size_t end = 0;
  };
  std::string bytes;
  std::vector<Packed> block;
  for (int64_t first = 0; first < batch.num_rows(); first += kBlockRows) {
    bytes.clear();
    block.clear();
    for (int64_t row = first; row < std::min(first + kBlockRows, batch.num_rows()); ++row) {
      const size_t begin = bytes.size();
      const std::optional<Key> key = Pack(columns, row, bytes);
      if (!key) {
        ++without_key_[side];
      } else if (Sampled(*key)) {
        block.push_back({.key = *key, .begin = begin, .end = bytes.size()});
        keys_.prefetch(*key);
      }
    }
    for (const Packed& row : block) {
      AddRow(side, row.key, std::string_view(bytes).substr(row.begin, row.end - row.begin));
    }
  }
  return absl::OkStatus();
}

std::optional<Key> FeatureSkewFinder::State::Pack(std::span<const ColumnView* const> columns, int64_t row,
                                                  std::string& bytes) const {
  const std::span<const ColumnView* const> keys = columns.first(options_.keys.size());
  if (std::ranges::any_of(keys, [row](const ColumnView* column) { return column->IsNull(row); })) return std::nullopt;
  const size_t begin = bytes.size();
  for (const ColumnView* column : keys) AppendPacked(*column, row, scale_, bytes);
  const std::string_view packed = std::string_view(bytes).substr(begin);
  const Key key{.high = Hash64(packed, 0), .low = Hash64(packed, 1)};
  for (const ColumnView* column : columns.subspan(keys.size())) {
    if (column == nullptr) {
      AppendPackedNull(bytes);
    } else {
      AppendPacked(*column, row, scale_, bytes);
    }
  }
  return key;
}

void FeatureSkewFinder::State::AddRow(Side side, const Key& key, std::string_view row) {
  // The rows before it in its block may have made the sample smaller.
  if (!Sampled(key)) return;
  Rows& rows = keys_[key];
  const Side other = side == kTraining ? kServing : kTraining;
  if (rows.seen[side]) {
    // The key is left out, so nothing of it is looked at again.
    rows.repeated[side] = true;
    rows.row = {};
    return;
  }
  rows.seen[side] = true;
  if (rows.repeated[other]) return;
  if (rows.seen[other] && Arena::At(rows.row[other]) == row) {
    rows.equal = true;
  } else {
    rows.row[side] = arena_.Add(row);
  }
  while (keys_.size() > max_keys_ && halvings_ < 63) Halve();
}

void FeatureSkewFinder::State::Halve() {
  ++halvings_;
  absl::erase_if(keys_, [this](const auto& entry) { return !Sampled(entry.first); });
  // The rows that stay move to an arena of their own, so that the others' memory is free.
  Arena kept;
  for (auto& [key, rows] : keys_) {
    for (const char*& row : rows.row) {
      if (row != nullptr) row = kept.Add(Arena::At(row));
    }
  }
  arena_ = std::move(kept);
}

void FeatureSkewFinder::State::Count(const Rows& rows, FeatureSkew& skew, std::vector<Confusions>& confusions) const {
  std::string_view training = Arena::At(rows.row[kTraining]);
  std::string_view serving = Arena::At(rows.row[kServing]);
  for (size_t place = 0; place < fields_.size(); ++place) {
    const std::string_view ours = TakePacked(training);
    const std::string_view theirs = TakePacked(serving);
    if (place < options_.keys.size()) continue;
    const size_t compared = place - options_.keys.size();
    ColumnSkew& column = skew.columns[compared];
    if (ours == theirs) {
      ++column.equal;
      continue;
    }
    ++(IsPackedNull(theirs) ? column.only_training : IsPackedNull(ours) ? column.only_serving : column.different);
    Confused& confused = confusions[compared][HashOf(ours, theirs)];
    ++confused.rows;
    confused.training = ours;
    confused.serving = theirs;
  }
}

std::vector<ValueConfusion> FeatureSkewFinder::State::Greatest(const Confusions& confusions, const Field& field) const {
  std::vector<std::pair<uint64_t, Confused>> found(confusions.begin(), confusions.end());
  // Among equally frequent pairs the hash chooses, so that the order of the table does not.
  const size_t kept = std::min(found.size(), kMaxConfusions);
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(),
                    [](const auto& a, const auto& b) {
                      return std::tuple(b.second.rows, a.first) < std::tuple(a.second.rows, b.first);
                    });
  std::vector<ValueConfusion> greatest;
  for (size_t i = 0; i < kept; ++i) {
    const Confused& confused = found[i].second;
    greatest.push_back({.training = PackedText(confused.training, field.type[kTraining]),
                        .serving = PackedText(confused.serving, field.type[kServing]),
                        .rows = confused.rows});
  }
  std::sort(greatest.begin(), greatest.end(), [](const ValueConfusion& a, const ValueConfusion& b) {
    return std::tie(b.rows, a.training, a.serving) < std::tie(a.rows, b.training, b.serving);
  });
  return greatest;
}

SkewSample FeatureSkewFinder::State::SampleOf(const Rows& rows) const {
  SkewSample sample;
  std::string_view training = Arena::At(rows.row[kTraining]);
  std::string_view serving = Arena::At(rows.row[kServing]);
  for (size_t place = 0; place < fields_.size(); ++place) {
    const Field& field = fields_[place];
    const std::string_view ours = TakePacked(training);
    const std::string_view theirs = TakePacked(serving);
    if (place < options_.keys.size()) {
      sample.key.push_back(*PackedText(ours, field.type[kTraining]));
    } else if (ours != theirs) {
      sample.differences.push_back({.column = field.name,
                                    .training = PackedText(ours, field.type[kTraining]),
                                    .serving = PackedText(theirs, field.type[kServing])});
    }
  }
  return sample;
}

FeatureSkew FeatureSkewFinder::State::Finish() const {
  FeatureSkew skew{.training_rows = rows_[kTraining],
                   .serving_rows = rows_[kServing],
                   .training_without_key = without_key_[kTraining],
                   .serving_without_key = without_key_[kServing],
                   .sampled_share = std::ldexp(1, -halvings_),
                   .not_compared = not_compared_};
  const std::span<const Field> compared = std::span(fields_).subspan(options_.keys.size());
  for (const Field& field : compared) skew.columns.push_back({.column = field.name});
  std::vector<Confusions> confusions(compared.size());
  std::vector<std::pair<Key, const Rows*>> skewed;
  for (const auto& [key, rows] : keys_) {
    if (rows.repeated[kTraining]) ++skew.repeated_training;
    if (rows.repeated[kServing]) ++skew.repeated_serving;
    if (rows.repeated[kTraining] || rows.repeated[kServing]) continue;
    if (!rows.seen[kServing]) ++skew.only_training;
    if (!rows.seen[kTraining]) ++skew.only_serving;
    if (!rows.seen[kTraining] || !rows.seen[kServing]) continue;
    ++skew.joined;
    if (rows.equal) continue;
    Count(rows, skew, confusions);
    skewed.emplace_back(key, &rows);
  }
  skew.skewed = static_cast<int64_t>(skewed.size());
  for (ColumnSkew& column : skew.columns) column.equal += skew.joined - skew.skewed;
  for (size_t i = 0; i < compared.size(); ++i) skew.columns[i].confusions = Greatest(confusions[i], compared[i]);
  const size_t samples = std::min(skewed.size(), kMaxSamples);
  std::partial_sort(skewed.begin(), skewed.begin() + static_cast<std::ptrdiff_t>(samples), skewed.end(),
                    [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < samples; ++i) skew.samples.push_back(SampleOf(*skewed[i].second));
  return skew;
}

absl::StatusOr<FeatureSkewFinder> FeatureSkewFinder::Make(const BatchView& training, const BatchView& serving,
                                                          FeatureSkewOptions options) {
  TRY_ASSIGN(std::unique_ptr<State> state, State::Make(training, serving, std::move(options)));
  return FeatureSkewFinder(std::move(state));
}

FeatureSkewFinder::FeatureSkewFinder(std::unique_ptr<State> state) : state_(std::move(state)) {}
FeatureSkewFinder::FeatureSkewFinder(FeatureSkewFinder&&) noexcept = default;
FeatureSkewFinder& FeatureSkewFinder::operator=(FeatureSkewFinder&&) noexcept = default;
FeatureSkewFinder::~FeatureSkewFinder() = default;

absl::Status FeatureSkewFinder::AddTraining(const BatchView& batch) { return state_->Add(kTraining, batch); }
absl::Status FeatureSkewFinder::AddServing(const BatchView& batch) { return state_->Add(kServing, batch); }
FeatureSkew FeatureSkewFinder::Finish() const { return state_->Finish(); }

}  // namespace roost::schema
