#include <algorithm>
#include <array>
#include <utility>

#include "transform/transform.h"

namespace roost::transform {
namespace {

constexpr std::array kOperations{
    Operation::kNumber, Operation::kStandardize, Operation::kMinMax,    Operation::kBucketize, Operation::kPolynomial,
    Operation::kOneHot, Operation::kOrdinal,     Operation::kHash,      Operation::kTokens,    Operation::kCross,
    Operation::kHour,   Operation::kWeekday,     Operation::kMonth,     Operation::kDay,       Operation::kCyclic,
    Operation::kAge,    Operation::kMultiHot,    Operation::kListCount, Operation::kListMean};

}  // namespace

std::span<const Operation> AllOperations() { return kOperations; }

std::string_view OperationName(Operation operation) {
  switch (operation) {
    case Operation::kNumber: return "number";
    case Operation::kStandardize: return "standardize";
    case Operation::kMinMax: return "min_max";
    case Operation::kBucketize: return "bucketize";
    case Operation::kPolynomial: return "polynomial";
    case Operation::kOneHot: return "one_hot";
    case Operation::kOrdinal: return "ordinal";
    case Operation::kHash: return "hash";
    case Operation::kTokens: return "tokens";
    case Operation::kCross: return "cross";
    case Operation::kHour: return "hour";
    case Operation::kWeekday: return "weekday";
    case Operation::kMonth: return "month";
    case Operation::kDay: return "day";
    case Operation::kCyclic: return "cyclic";
    case Operation::kAge: return "age";
    case Operation::kMultiHot: return "multi_hot";
    case Operation::kListCount: return "list_count";
    case Operation::kListMean: return "list_mean";
  }
  return "number";
}

std::optional<Operation> ParseOperation(std::string_view name) {
  const auto found = std::find_if(kOperations.begin(), kOperations.end(),
                                  [name](Operation operation) { return OperationName(operation) == name; });
  return found == kOperations.end() ? std::nullopt : std::optional(*found);
}

std::string_view ImputeName(Impute impute) {
  switch (impute) {
    case Impute::kNone: return "none";
    case Impute::kMean: return "mean";
    case Impute::kMedian: return "median";
    case Impute::kMin: return "min";
    case Impute::kMax: return "max";
    case Impute::kValue: return "value";
  }
  return "none";
}

std::string_view TokenWeightName(TokenWeight weight) {
  switch (weight) {
    case TokenWeight::kCount: return "count";
    case TokenWeight::kBinary: return "binary";
    case TokenWeight::kTfIdf: return "tf_idf";
  }
  return "count";
}

std::string_view PeriodName(Period period) {
  switch (period) {
    case Period::kHour: return "hour";
    case Period::kWeekday: return "weekday";
    case Period::kMonth: return "month";
    case Period::kDayOfYear: return "day_of_year";
  }
  return "hour";
}

}  // namespace roost::transform
