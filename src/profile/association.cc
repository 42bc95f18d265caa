#include "profile/association.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::profile {
namespace {

using column::BatchView;
using column::ColumnView;

constexpr uint32_t kMagic = 0x43534152;  // "RASC"
constexpr uint16_t kVersion = 1;
constexpr size_t kHeaderBytes = sizeof kMagic + sizeof kVersion + sizeof(uint64_t);

// Rows of a block: their bins and numbers stay in the processor's cache.
constexpr int64_t kBlockRows = 4096;
constexpr size_t kMaxGroups = 8;  // of batches, each with a state of its own

constexpr int64_t kNoNumber = std::numeric_limits<int64_t>::min();
constexpr double kMostScaled = 0x1p22;
constexpr double kUnitsOfScaled = 0x1p40;

int64_t Scaled(double value, const PlannedColumn& column) {
  if (!std::isfinite(value)) return kNoNumber;
  if (column.scale == 0) return 0;
  const double scaled = (value - column.center) / column.scale;
  if (std::isnan(scaled)) return 0;  // both beyond the doubles
  return std::llround(std::clamp(scaled, -kMostScaled, kMostScaled) * kUnitsOfScaled);
}

UInt128 Square(int64_t value) { return static_cast<UInt128>(Int128{value} * value); }

absl::Status CheckKind(const ColumnView& column, const PlannedColumn& planned) {
  const bool fits = planned.kind == PlannedColumn::Kind::kTime ? column::IsTime(column.type())
                    : planned.kind == PlannedColumn::Kind::kText
                        ? column::IsText(column.type()) || column::IsBytes(column.type())
                        : column::IsNumber(column.type()) || column.type() == column::Type::kBool;
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("column '{}' is {} here and had another kind of values in the profile",
                                                planned.name, column.TypeText()));
}

absl::Status TooManyRows(int64_t rows, int64_t more) {
  return absl::OutOfRangeError(fmt::format("statistics of pairs hold at most {} rows, got {} and {} more",
                                           AssociationState::kMaxRows, rows, more));
}

void Append128(std::string& bytes, UInt128 value) {
  AppendFixed(bytes, static_cast<uint64_t>(value));
  AppendFixed(bytes, static_cast<uint64_t>(value >> 64));
}

absl::Status Parse128(ByteReader& reader, UInt128& value) {
  TRY_ASSIGN(const uint64_t low, reader.Fixed<uint64_t>());
  TRY_ASSIGN(const uint64_t high, reader.Fixed<uint64_t>());
  value = (UInt128{high} << 64) | low;
  return absl::OkStatus();
}

absl::Status ParseCount(ByteReader& reader, int64_t rows, int64_t& count) {
  TRY_ASSIGN(const uint64_t parsed, reader.Varint());
  if (parsed > static_cast<uint64_t>(rows)) {
    return absl::DataLossError(fmt::format("a count of {} in {} rows before byte {}", parsed, rows, reader.position()));
  }
  count = static_cast<int64_t>(parsed);
  return absl::OkStatus();
}

void AppendPair(std::string& bytes, const AssociationState::PairSums& pair) {
  AppendVarint(bytes, static_cast<uint64_t>(pair.rows));
  for (const UInt128 sum : {pair.x, pair.y, pair.xx, pair.yy, pair.xy}) Append128(bytes, sum);
}

absl::Status ParsePair(ByteReader& reader, int64_t rows, AssociationState::PairSums& pair) {
  TRY(ParseCount(reader, rows, pair.rows));
  for (UInt128* sum : {&pair.x, &pair.y, &pair.xx, &pair.yy, &pair.xy}) TRY(Parse128(reader, *sum));
  return absl::OkStatus();
}

}  // namespace

// Some rows, by column of the plan and row: their bins and scaled numbers.
struct AssociationState::Block {
  Block(const AssociationPlan& block_plan, const std::vector<const ColumnView*>& batch_columns)
      : plan(block_plan),
        columns(batch_columns),
        bins(columns.size()),
        numbers(columns.size()),
        bins_of_codes(columns.size()) {
    for (size_t i = 0; i < columns.size(); ++i) BinCodes(i);
  }

  void Read(int64_t begin, int64_t end) {
    rows = static_cast<size_t>(end - begin);
    for (size_t i = 0; i < columns.size(); ++i) {
      bins[i].resize(rows);
      if (plan.columns()[i].kind == PlannedColumn::Kind::kText) {
        ReadTexts(i, begin);
      } else {
        numbers[i].resize(rows);
        ReadNumbers(i, begin);
      }
    }
  }

  const AssociationPlan& plan;
  const std::vector<const ColumnView*>& columns;
  size_t rows = 0;
  std::vector<std::vector<uint16_t>> bins;
  std::vector<std::vector<int64_t>> numbers;

 private:
  // The bins of a dictionary's texts, each looked up once; none where most of the dictionary may be unused.
  void BinCodes(size_t i) {
    const ColumnView& column = *columns[i];
    const PlannedColumn& planned = plan.columns()[i];
    if (planned.kind != PlannedColumn::Kind::kText || !column.is_dictionary()) return;
    const ColumnView& dictionary = column.dictionary();
    if (dictionary.length() > column.length()) return;
    for (int64_t code = 0; code < dictionary.length(); ++code) {
      bins_of_codes[i].push_back(dictionary.IsNull(code) ? planned.bins.missing()
                                                         : planned.bins.BinOf(dictionary.TextAt(code)));
    }
  }

  void ReadTexts(size_t i, int64_t begin) {
    const ColumnView& column = *columns[i];
    const Binning& binning = plan.columns()[i].bins;
    const bool has_nulls = column.has_nulls();
    for (size_t row = 0; row < rows; ++row) {
      const int64_t at = begin + static_cast<int64_t>(row);
      if (has_nulls && column.IsNull(at)) {
        bins[i][row] = binning.missing();
      } else {
        bins[i][row] = bins_of_codes[i].empty() ? binning.BinOf(column.TextAt(at))
                                                : bins_of_codes[i][static_cast<size_t>(column.CodeAt(at))];
      }
    }
  }

  void ReadNumbers(size_t i, int64_t begin) {
    const ColumnView& column = *columns[i];
    const PlannedColumn& planned = plan.columns()[i];
    const bool has_nulls = column.has_nulls();
    const bool is_time = planned.kind == PlannedColumn::Kind::kTime;
    for (size_t row = 0; row < rows; ++row) {
      const int64_t at = begin + static_cast<int64_t>(row);
      if (has_nulls && column.IsNull(at)) {
        bins[i][row] = planned.bins.missing();
        numbers[i][row] = kNoNumber;
        continue;
      }
      const double value = is_time ? static_cast<double>(column.MicrosAt(at)) / 1e6 : column.NumberAt(at);
      bins[i][row] = planned.bins.BinOf(value);
      numbers[i][row] = Scaled(value, planned);
    }
  }

  std::vector<std::vector<uint16_t>> bins_of_codes;
};

void AssociationState::PairSums::Add(int64_t x_value, int64_t y_value) {
  ++rows;
  x += static_cast<UInt128>(Int128{x_value});
  y += static_cast<UInt128>(Int128{y_value});
  xx += Square(x_value);
  yy += Square(y_value);
  xy += static_cast<UInt128>(Int128{x_value} * y_value);
}

void AssociationState::PairSums::Merge(const PairSums& other) {
  rows += other.rows;
  x += other.x;
  y += other.y;
  xx += other.xx;
  yy += other.yy;
  xy += other.xy;
}

AssociationState::AssociationState(std::shared_ptr<const AssociationPlan> plan) : plan_(std::move(plan)) {
  for (const size_t position : plan_->features()) {
    const size_t bins = plan_->columns()[position].bins.size();
    Feature& feature = features_.emplace_back();
    feature.counts.resize(bins * label_bins());
    if (plan_->label_is_class()) continue;
    feature.label_sums.resize(bins);
    feature.label_squares.resize(bins);
  }
  const size_t correlated = plan_->correlated().size();
  pairs_.resize(correlated == 0 ? 0 : correlated * (correlated - 1) / 2);
}

// Rows without a label are not counted.
size_t AssociationState::label_bins() const { return plan_->columns()[*plan_->label()].bins.size() - 1; }

absl::Status AssociationState::Add(const BatchView& batch) {
  std::vector<const ColumnView*> columns;
  for (const PlannedColumn& planned : plan_->columns()) {
    TRY_ASSIGN(columns.emplace_back(), batch.Require(planned.name));
    TRY(CheckKind(*columns.back(), planned));
  }
  if (batch.num_rows() > kMaxRows - rows_) return TooManyRows(rows_, batch.num_rows());
  rows_ += batch.num_rows();
  Block block(*plan_, columns);
  for (int64_t begin = 0; begin < batch.num_rows(); begin += kBlockRows) {
    block.Read(begin, std::min(batch.num_rows(), begin + kBlockRows));
    AddBlock(block);
  }
  return absl::OkStatus();
}

void AssociationState::AddBlock(const Block& block) {
  for (size_t i = 0; i < features_.size(); ++i) {
    const size_t label = *plan_->label();
    const size_t position = plan_->features()[i];
    const std::vector<uint16_t>& bins = block.bins[position];
    const std::vector<uint16_t>& labels = block.bins[label];
    const std::vector<int64_t>& numbers = block.numbers[position];
    const std::vector<int64_t>& label_numbers = block.numbers[label];
    const bool by_number = !plan_->label_is_class();
    const bool correlates = !numbers.empty() && !label_numbers.empty();
    const size_t width = label_bins();
    Feature& feature = features_[i];
    for (size_t row = 0; row < block.rows; ++row) {
      const size_t label_bin = labels[row];
      // Infinities are no label of a number that is to be predicted.
      if (label_bin == width || (by_number && label_numbers[row] == kNoNumber)) continue;
      ++feature.counts[bins[row] * width + label_bin];
      if (by_number) {
        feature.label_sums[bins[row]] += static_cast<UInt128>(Int128{label_numbers[row]});
        feature.label_squares[bins[row]] += Square(label_numbers[row]);
      }
      if (correlates && numbers[row] != kNoNumber && label_numbers[row] != kNoNumber) {
        feature.pair.Add(numbers[row], label_numbers[row]);
      }
    }
  }
  size_t pair = 0;
  for (size_t i = 0; i < plan_->correlated().size(); ++i) {
    const std::vector<int64_t>& x = block.numbers[plan_->correlated()[i]];
    for (size_t j = i + 1; j < plan_->correlated().size(); ++j, ++pair) {
      const std::vector<int64_t>& y = block.numbers[plan_->correlated()[j]];
      for (size_t row = 0; row < block.rows; ++row) {
        if (x[row] != kNoNumber && y[row] != kNoNumber) pairs_[pair].Add(x[row], y[row]);
      }
    }
  }
}

absl::Status AssociationState::Merge(const AssociationState& other) {
  if (other.plan_->fingerprint() != plan_->fingerprint()) {
    return absl::InvalidArgumentError("statistics of pairs that follow another plan cannot be merged into these");
  }
  if (other.rows_ > kMaxRows - rows_) return TooManyRows(rows_, other.rows_);
  rows_ += other.rows_;
  const auto add_all = [](const auto& from, auto& to) {
    for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
  };
  for (size_t i = 0; i < features_.size(); ++i) {
    add_all(other.features_[i].counts, features_[i].counts);
    add_all(other.features_[i].label_sums, features_[i].label_sums);
    add_all(other.features_[i].label_squares, features_[i].label_squares);
    features_[i].pair.Merge(other.features_[i].pair);
  }
  for (size_t i = 0; i < pairs_.size(); ++i) pairs_[i].Merge(other.pairs_[i]);
  return absl::OkStatus();
}

std::string AssociationState::Serialize() const {
  std::string bytes;
  AppendFixed(bytes, kMagic);
  AppendFixed(bytes, kVersion);
  AppendFixed(bytes, plan_->fingerprint());
  AppendVarint(bytes, static_cast<uint64_t>(rows_));
  for (const Feature& feature : features_) {
    for (const int64_t count : feature.counts) AppendVarint(bytes, static_cast<uint64_t>(count));
    for (const UInt128 sum : feature.label_sums) Append128(bytes, sum);
    for (const UInt128 sum : feature.label_squares) Append128(bytes, sum);
    AppendPair(bytes, feature.pair);
  }
  for (const PairSums& pair : pairs_) AppendPair(bytes, pair);
  AppendFixed(bytes, Crc32c(bytes));
  return bytes;
}

absl::StatusOr<AssociationState> AssociationState::Parse(std::string_view bytes,
                                                         std::shared_ptr<const AssociationPlan> plan) {
  const auto broken = [](std::string_view what) {
    return absl::DataLossError(fmt::format("statistics of pairs: {}", what));
  };
  if (bytes.size() < kHeaderBytes + sizeof(uint32_t)) return broken("too short to be some");
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(uint32_t));
  ByteReader trailer(bytes.substr(body.size()));
  TRY_ASSIGN(const uint32_t checksum, trailer.Fixed<uint32_t>());
  ByteReader reader(body);
  TRY_ASSIGN(const uint32_t magic, reader.Fixed<uint32_t>());
  TRY_ASSIGN(const uint16_t version, reader.Fixed<uint16_t>());
  TRY_ASSIGN(const uint64_t fingerprint, reader.Fixed<uint64_t>());
  if (magic != kMagic) return broken("the first bytes are not those of some");
  if (Crc32c(body) != checksum) return broken("the checksum is wrong");
  if (version != kVersion) {
    return WithHint(absl::UnimplementedError(fmt::format(
                        "statistics of pairs: format version {}, this program reads {}", version, kVersion)),
                    "use the version of roost that wrote them, or count the rows anew");
  }
  if (fingerprint != plan->fingerprint()) return absl::InvalidArgumentError("statistics of pairs: of another plan");
  AssociationState state(std::move(plan));
  TRY(ParseCount(reader, kMaxRows, state.rows_));
  int64_t labelled = -1;
  for (Feature& feature : state.features_) {
    int64_t counted = 0;
    for (int64_t& count : feature.counts) {
      TRY(ParseCount(reader, state.rows_ - counted, count));
      counted += count;
    }
    if (labelled >= 0 && counted != labelled) return broken("its columns count different numbers of labelled rows");
    labelled = counted;
    for (UInt128& sum : feature.label_sums) TRY(Parse128(reader, sum));
    for (UInt128& sum : feature.label_squares) TRY(Parse128(reader, sum));
    TRY(ParsePair(reader, counted, feature.pair));
  }
  for (PairSums& pair : state.pairs_) TRY(ParsePair(reader, state.rows_, pair));
  if (!reader.done()) return broken(fmt::format("{} bytes too many", reader.remaining()));
  return state;
}

absl::StatusOr<AssociationState> AssociateBatches(std::span<const BatchView> batches,
                                                  std::shared_ptr<const AssociationPlan> plan, const Context& context) {
  const size_t groups = std::clamp<size_t>(batches.size(), 1, kMaxGroups);
  std::vector<AssociationState> states(groups, AssociationState(plan));
  const auto work = [&](size_t group) -> absl::Status {
    for (size_t i = group * batches.size() / groups; i < (group + 1) * batches.size() / groups; ++i) {
      TRY(context.CheckCancelled());
      TRY(states[group].Add(batches[i]));
    }
    return absl::OkStatus();
  };
  TRY(context.pool->ParallelFor(groups, work));
  for (size_t group = 1; group < groups; ++group) TRY(states[0].Merge(states[group]));
  return std::move(states[0]);
}

}  // namespace roost::profile
