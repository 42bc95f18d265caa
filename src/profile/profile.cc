#include "profile/profile.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "profile/row_hash.h"

namespace roost::profile {
namespace {

using column::BatchView;
using column::ColumnView;

constexpr uint32_t kMagic = 0x46525052;  // "RPRF"
constexpr uint16_t kVersion = 3;
constexpr uint16_t kOldestVersion = 1;
constexpr size_t kHeaderBytes = sizeof kMagic + sizeof kVersion;
constexpr uint64_t kMaxColumns = 1 << 16;

// Batches are grouped so that a piece of work has at least this many values, enough to outweigh the merge of its state,
// and so that there are at most kMaxGroups states of a column at a time. Where columns alone keep all threads at work,
// there is one group, whose states need no merge.
constexpr int64_t kMinRowsPerGroup = 1 << 19;
constexpr int64_t kMaxGroups = 16;
constexpr size_t kManyColumns = 64;

absl::Status MissingColumn(std::string_view name) {
  return absl::InvalidArgumentError(fmt::format("column '{}' is missing here and was there before", name));
}

absl::Status NewColumn(std::string_view name) {
  return absl::InvalidArgumentError(fmt::format("column '{}' is new here and was not there before", name));
}

// One column of one group of batches, or the hashes of its rows: the unit of parallel work.
struct Piece {
  size_t column = 0;  // the number of columns for the hashes
  size_t first_batch = 0;
  size_t end_batch = 0;
};

std::vector<Piece> Cut(std::span<const BatchView> batches, size_t num_columns) {
  int64_t rows_per_group = 0;
  for (const BatchView& batch : batches) rows_per_group += batch.num_rows();
  if (num_columns < kManyColumns) {
    rows_per_group = std::max(kMinRowsPerGroup, (rows_per_group + kMaxGroups - 1) / kMaxGroups);
  }
  std::vector<Piece> pieces;
  size_t first = 0;
  while (first < batches.size()) {
    size_t end = first;
    for (int64_t rows = 0; end < batches.size() && (end == first || rows < rows_per_group); ++end) {
      rows += batches[end].num_rows();
    }
    for (size_t column = 0; column <= num_columns; ++column) pieces.push_back({column, first, end});
    first = end;
  }
  return pieces;
}

void AddToSample(const BatchView& batch, RowSample& sample) {
  std::vector<uint64_t> hashes(static_cast<size_t>(batch.num_rows()));
  AddRowHashes(batch, hashes);
  sample.Add(hashes);
}

const ColumnState* FindIn(std::span<const ColumnState> columns, std::string_view name) {
  for (const ColumnState& column : columns) {
    if (column.name() == name) return &column;
    if (!name.starts_with(column.name())) continue;
    if (const ColumnState* child = FindIn(column.children(), name)) return child;
  }
  return nullptr;
}

}  // namespace

absl::Status Profile::AddRows(int64_t rows) {
  if (rows > kMaxRows - rows_) {
    return absl::OutOfRangeError(
        fmt::format("a profile holds at most {} rows, got {} and {} more", kMaxRows, rows_, rows));
  }
  rows_ += rows;
  return absl::OkStatus();
}

ColumnState Profile::NewState(const ColumnView& column) const {
  const std::vector<std::string>& tokens = options_.token_columns;
  const bool has_tokens = std::find(tokens.begin(), tokens.end(), column.name()) != tokens.end();
  return ColumnState(column, {.is_weighted = !options_.weight_column.empty(),
                              .text = {.tokens = has_tokens, .vocabulary = options_.vocabulary}});
}

absl::Status Profile::Adopt(const BatchView& batch) {
  if (batch.columns().size() > kMaxColumns) {
    return absl::InvalidArgumentError(
        fmt::format("a profile holds at most {} columns, got {}", kMaxColumns, batch.columns().size()));
  }
  std::vector<ColumnState> columns;
  absl::flat_hash_set<std::string> names;
  for (const ColumnView& column : batch.columns()) {
    if (!names.emplace(column.name()).second) {
      return absl::InvalidArgumentError(fmt::format("column '{}' is there twice", column.name()));
    }
    columns.push_back(NewState(column));
  }
  const bool can_hash = std::all_of(batch.columns().begin(), batch.columns().end(), CanHash);
  if (options_.has_row_sample && can_hash) row_sample_.emplace();
  columns_ = std::move(columns);
  has_columns_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<size_t>> Profile::Match(const BatchView& batch) const {
  const std::span<const ColumnView> theirs = batch.columns();
  absl::flat_hash_map<std::string, size_t> position_of;
  for (size_t i = 0; i < theirs.size(); ++i) {
    if (!position_of.emplace(theirs[i].name(), i).second) {
      return absl::InvalidArgumentError(fmt::format("column '{}' is there twice", theirs[i].name()));
    }
  }
  std::vector<size_t> positions;
  for (const ColumnState& column : columns_) {
    const auto found = position_of.find(column.name());
    if (found == position_of.end()) return MissingColumn(column.name());
    TRY(column.CheckType(theirs[found->second].TypeText()));
    positions.push_back(found->second);
    position_of.erase(found);
  }
  for (const ColumnView& column : theirs) {
    if (position_of.contains(std::string(column.name()))) return NewColumn(column.name());
  }
  return positions;
}

absl::StatusOr<std::vector<int64_t>> Profile::WeightsOf(const BatchView& batch, int64_t& total) const {
  std::vector<int64_t> units;
  total = 0;
  if (options_.weight_column.empty()) return units;
  TRY_ASSIGN(const ColumnView* column, batch.Require(options_.weight_column));
  if (!column::IsNumber(column->type())) {
    return absl::InvalidArgumentError(
        fmt::format("column '{}' is {}: weights are numbers", options_.weight_column, column->TypeText()));
  }
  units.reserve(static_cast<size_t>(batch.num_rows()));
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    units.push_back(column->IsNull(row) ? 0 : WeightState::UnitsOf(column->NumberAt(row)));
    if (units.back() > WeightState::kMaxUnits - weight_units_ - total) return TooHeavy();
    total += units.back();
  }
  return units;
}

absl::Status Profile::TooHeavy() const {
  return absl::OutOfRangeError(fmt::format("the weights in column '{}' sum to more than {}", options_.weight_column,
                                           WeightState::kMaxUnits / WeightState::kUnitsPerOne));
}

absl::Status Profile::Add(const BatchView& batch) {
  int64_t weight = 0;
  TRY_ASSIGN(const std::vector<int64_t> weights, WeightsOf(batch, weight));
  if (!has_columns_) TRY(Adopt(batch));
  TRY_ASSIGN(const std::vector<size_t> positions, Match(batch));
  TRY(AddRows(batch.num_rows()));
  weight_units_ += weight;
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i].Add(batch.columns()[positions[i]], weights);
  if (row_sample_.has_value()) AddToSample(batch, *row_sample_);
  return absl::OkStatus();
}

absl::Status Profile::Merge(const Profile& later) {
  if (!later.has_columns_) return absl::OkStatus();
  if (!has_columns_) {
    *this = later;
    return absl::OkStatus();
  }
  if (later.options_.weight_column != options_.weight_column) {
    return absl::InvalidArgumentError(fmt::format("the weights here are of column '{}', those before of column '{}'",
                                                  later.options_.weight_column, options_.weight_column));
  }
  absl::flat_hash_map<std::string, const ColumnState*> theirs;
  for (const ColumnState& column : later.columns_) theirs.emplace(column.name(), &column);
  std::vector<const ColumnState*> matched;
  for (const ColumnState& column : columns_) {
    const auto found = theirs.find(column.name());
    if (found == theirs.end()) return MissingColumn(column.name());
    TRY(column.CheckMerge(*found->second));
    matched.push_back(found->second);
    theirs.erase(found);
  }
  for (const ColumnState& column : later.columns_) {
    if (theirs.contains(column.name())) return NewColumn(column.name());
  }
  if (later.weight_units_ > WeightState::kMaxUnits - weight_units_) return TooHeavy();
  TRY(AddRows(later.rows_));
  weight_units_ += later.weight_units_;
  // Merging a profile into itself doubles it, from a copy: states do not read what they are writing.
  const Profile copy = &later == this ? later : Profile();
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i].Merge(&later == this ? copy.columns_[i] : *matched[i]);
  if (row_sample_.has_value() && later.row_sample_.has_value()) {
    row_sample_->Merge(&later == this ? *copy.row_sample_ : *later.row_sample_);
  } else {
    row_sample_.reset();
  }
  return absl::OkStatus();
}

absl::StatusOr<Profile> Profile::Joined(std::vector<Profile> parts, std::optional<RowSample> row_sample) {
  Profile all;
  absl::flat_hash_set<std::string> names;
  for (Profile& part : parts) {
    const int64_t rows = row_sample.has_value() ? row_sample->rows() : parts.front().rows_;
    if (part.rows_ != rows) {
      return absl::InvalidArgumentError(fmt::format("some columns have {} rows, others {}", part.rows_, rows));
    }
    for (ColumnState& column : part.columns_) {
      if (!names.insert(column.name()).second) {
        return absl::InvalidArgumentError(fmt::format("column '{}' is there twice", column.name()));
      }
      all.columns_.push_back(std::move(column));
    }
    all.rows_ = part.rows_;
    all.has_columns_ = true;
  }
  all.row_sample_ = std::move(row_sample);
  return all;
}

void Profile::ForgetOrder() {
  for (ColumnState& column : columns_) column.ForgetOrder();
}

std::string Profile::Serialize() const {
  std::string bytes;
  AppendFixed(bytes, kMagic);
  AppendFixed(bytes, kVersion);
  AppendVarint(bytes, static_cast<uint64_t>(rows_));
  AppendString(bytes, options_.weight_column);
  if (!options_.weight_column.empty()) AppendVarint(bytes, static_cast<uint64_t>(weight_units_));
  AppendVarint(bytes, has_columns_ ? columns_.size() + 1 : 0);
  for (const ColumnState& column : columns_) column.Serialize(bytes);
  AppendFixed(bytes, static_cast<uint8_t>(row_sample_.has_value() ? 1 : 0));
  if (row_sample_.has_value()) row_sample_->Serialize(bytes);
  AppendFixed(bytes, Crc32c(bytes));
  return bytes;
}

absl::StatusOr<Profile> Profile::Parse(std::string_view bytes) {
  const auto broken = [](std::string_view what) { return absl::DataLossError(fmt::format("profile: {}", what)); };
  if (bytes.size() < kHeaderBytes + sizeof(uint32_t)) return broken("too short to be one");
  ByteReader reader(bytes.substr(0, bytes.size() - sizeof(uint32_t)));
  TRY_ASSIGN(const uint32_t magic, reader.Fixed<uint32_t>());
  TRY_ASSIGN(const uint16_t version, reader.Fixed<uint16_t>());
  if (magic != kMagic) return broken("the first bytes are not those of one");
  ByteReader trailer(bytes.substr(bytes.size() - sizeof(uint32_t)));
  TRY_ASSIGN(const uint32_t checksum, trailer.Fixed<uint32_t>());
  if (Crc32c(bytes.substr(0, bytes.size() - sizeof checksum)) != checksum) return broken("the checksum is wrong");
  if (version < kOldestVersion || version > kVersion) {
    return WithHint(absl::UnimplementedError(fmt::format("profile: format version {}, this program reads {} to {}",
                                                         version, kOldestVersion, kVersion)),
                    "use the version of roost that wrote it, or make the profile anew");
  }
  Profile profile;
  TRY_ASSIGN(const uint64_t rows, reader.Varint());
  uint64_t units = 0;
  if (version > 1) {
    TRY_ASSIGN(profile.options_.weight_column, reader.String());
  }
  if (!profile.options_.weight_column.empty()) {
    TRY_ASSIGN(units, reader.Varint());
  }
  TRY_ASSIGN(const uint64_t columns, reader.Varint());
  if (rows > static_cast<uint64_t>(kMaxRows)) return broken(fmt::format("{} rows", rows));
  if (columns > kMaxColumns + 1) return broken(fmt::format("{} columns", columns - 1));
  if (units > static_cast<uint64_t>(WeightState::kMaxUnits)) return broken(fmt::format("{} units of weight", units));
  profile.weight_units_ = static_cast<int64_t>(units);
  profile.rows_ = static_cast<int64_t>(rows);
  profile.has_columns_ = columns > 0;
  absl::flat_hash_set<std::string> names;
  for (uint64_t i = 0; i + 1 < columns; ++i) {
    auto column = ColumnState::Parse(reader, version, profile.rows_, profile.weight_units_);
    if (!column.ok()) return Annotate(column.status(), fmt::format("profile: column {}", i));
    if (!names.insert(column->name()).second) return broken(fmt::format("column '{}' is there twice", column->name()));
    profile.columns_.push_back(*std::move(column));
  }
  if (version > 1) {
    TRY_ASSIGN(const uint8_t has_sample, reader.Fixed<uint8_t>());
    if (has_sample > 1) return broken("neither with nor without a sample of rows");
    if (has_sample == 1) {
      TRY_ASSIGN(profile.row_sample_, RowSample::Parse(reader, profile.rows_));
    }
  }
  if (!reader.done()) return broken(fmt::format("{} bytes too many", reader.remaining()));
  return profile;
}

ProfileSummary Profile::Summarize() const {
  ProfileSummary summary{.rows = rows_};
  if (!options_.weight_column.empty()) {
    summary.weight = static_cast<double>(weight_units_) / static_cast<double>(WeightState::kUnitsPerOne);
  }
  if (row_sample_.has_value()) {
    summary.duplicate_share = row_sample_->DuplicateShare();
    summary.duplicate_share_is_exact = row_sample_->exact();
  }
  for (const ColumnState& column : columns_) summary.columns.push_back(column.Summarize());
  return summary;
}

std::optional<Distribution> Profile::DistributionOf(std::string_view name) const {
  const ColumnState* column = FindIn(columns_, name);
  return column == nullptr ? std::nullopt : column->GetDistribution();
}

absl::Status Profile::AddAll(std::span<const BatchView> batches, const Context& context) {
  if (batches.empty()) return absl::OkStatus();
  if (!has_columns_) TRY(Adopt(batches[0]));
  std::vector<std::vector<size_t>> positions;
  std::vector<std::vector<int64_t>> weights;
  for (const BatchView& batch : batches) {
    TRY_ASSIGN(positions.emplace_back(), Match(batch));
    int64_t weight = 0;
    TRY_ASSIGN(weights.emplace_back(), WeightsOf(batch, weight));
    TRY(AddRows(batch.num_rows()));
    weight_units_ += weight;
  }
  const size_t num_columns = columns_.size();
  const std::vector<Piece> pieces = Cut(batches, num_columns);
  // Pieces of the first batches count into this profile's own states, the others each into one of the two.
  std::vector<std::optional<ColumnState>> states(pieces.size());
  std::vector<std::optional<RowSample>> samples(pieces.size());
  const auto work = [&](size_t i) -> absl::Status {
    const Piece& piece = pieces[i];
    const bool is_own = piece.first_batch == 0;
    const bool is_column = piece.column < num_columns;
    if (!is_column && !row_sample_.has_value()) return absl::OkStatus();
    if (!is_own && is_column) states[i] = NewState(batches[0].columns()[positions[0][piece.column]]);
    if (!is_own && !is_column) samples[i].emplace();
    for (size_t batch = piece.first_batch; batch < piece.end_batch; ++batch) {
      TRY(context.CheckCancelled());
      if (is_column) {
        ColumnState& state = is_own ? columns_[piece.column] : *states[i];
        state.Add(batches[batch].columns()[positions[batch][piece.column]], weights[batch]);
      } else {
        AddToSample(batches[batch], is_own ? *row_sample_ : *samples[i]);
      }
    }
    return absl::OkStatus();
  };
  TRY(context.pool->ParallelFor(pieces.size(), work));
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (states[i].has_value()) columns_[pieces[i].column].Merge(*states[i]);
    if (samples[i].has_value()) row_sample_->Merge(*samples[i]);
  }
  return absl::OkStatus();
}

absl::Status Profile::AddAll(std::span<const column::OwnedBatch> batches, const Context& context) {
  std::vector<BatchView> views;
  views.reserve(batches.size());
  for (const column::OwnedBatch& batch : batches) views.push_back(batch.view());
  return AddAll(views, context);
}

}  // namespace roost::profile
