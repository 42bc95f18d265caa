#include "schema/tfx_domain_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "schema/tfx_words.h"
#include "schema/times.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

bool IsMedia(std::string_view domain) {
  return domain == "image_domain" || domain == "audio_domain" || domain == "video_domain";
}

// Without a type the domain tells it, where there is one.
Type TypeOfValues(std::string_view type, std::string_view domain) {
  if (type == "INT" || (type.empty() && domain == "int_domain")) return Type::kInteger;
  if (type == "FLOAT" || (type.empty() && domain == "float_domain")) return Type::kNumber;
  if (type == "STRUCT") return Type::kStruct;
  if (type == "BYTES" || !domain.empty()) return IsMedia(domain) ? Type::kBinary : Type::kText;
  return Type::kAny;
}

// They exclude each other.
std::optional<TfxField> TakeDomain(TfxField& feature) {
  for (const std::string_view name : {"domain", "int_domain", "float_domain", "string_domain", "bool_domain",
                                      "natural_language_domain", "image_domain", "time_domain", "time_of_day_domain"}) {
    if (std::optional<TfxField> domain = feature.Take(name); domain.has_value()) return domain;
  }
  for (const auto& [name, content] : kTfxMarks) {
    if (std::optional<TfxField> domain = feature.Take(name); domain.has_value()) return domain;
  }
  return std::nullopt;
}

}  // namespace

absl::Status TfxDomainReader::CheckName(const TfxField& domain, const std::string& name) {
  if (name.empty()) return reader_.Error(domain, "a domain that features share needs a name");
  if (names_.insert(name).second) return absl::OkStatus();
  return reader_.Error(domain, fmt::format("the domain {} stands here twice", Quoted(name)));
}

absl::Status TfxDomainReader::ReadShared(TfxField& root, Schema& schema) {
  for (TfxField& domain : root.TakeAll("string_domain")) {
    const std::string name = TakeText(domain, "name");
    TRY(CheckName(domain, name));
    const std::string owner = fmt::format("string_domain {}", Quoted(name));
    std::vector<std::string> values = TakeSortedTexts(domain, "value");
    if (values.empty()) {
      notes_.Add(domain, owner + ": it has no values; left out, also where features name it");
    } else {
      texts_.insert(name);
      schema.domains.push_back({.name = name, .values = std::move(values)});
    }
    notes_.AddRest(domain, owner);
  }
  for (const std::string_view kind : {"float_domain", "int_domain"}) {
    for (TfxField& domain : root.TakeAll(kind)) {
      const std::string name = TakeText(domain, "name");
      TRY(CheckName(domain, name));
      notes_.Add(domain, fmt::format("{} {}: only texts share a domain here; copied into each column that names it",
                                     kind, Quoted(name)));
      numbers_.emplace(name, std::move(domain));
    }
  }
  return absl::OkStatus();
}

absl::Status TfxDomainReader::Read(TfxField& feature, ColumnRules& values, ColumnRules& list) const {
  std::string type = TakeText(feature, "type");
  if (type == "TYPE_UNKNOWN") type.clear();
  std::optional<TfxField> domain = TakeDomain(feature);
  if (domain.has_value() && domain->name == "domain") {
    const auto shared = numbers_.find(domain->text);
    if (shared != numbers_.end()) domain = shared->second;
  }
  values.type = TypeOfValues(type, domain.has_value() ? domain->name : "");
  if (!domain.has_value()) return absl::OkStatus();
  TRY_ASSIGN(const bool fits, ReadDomain(*domain, feature, values, list));
  if (!fits || !domain->fields.empty()) feature.fields.push_back(*std::move(domain));
  return absl::OkStatus();
}

absl::StatusOr<bool> TfxDomainReader::ReadDomain(TfxField& domain, TfxField& feature, ColumnRules& column,
                                                 ColumnRules& list) const {
  const std::string_view name = domain.name;
  if (name == "int_domain" || name == "float_domain") return ReadNumbers(domain, column, list);
  if (name == "bool_domain") return ReadBools(domain, column);
  if (name == "time_domain" || name == "time_of_day_domain") return ReadTimes(domain, column);
  if (column.type != (IsMedia(name) ? Type::kBinary : Type::kText)) return false;
  if (name == "image_domain") return ReadImages(domain, column);
  if (name == "domain" || name == "string_domain") return ReadTexts(domain, feature, column);
  if (name == "natural_language_domain") return ReadWords(domain, column);
  for (const auto& [mark, content] : kTfxMarks) {
    if (name == mark) column.holds = content;
  }
  return true;
}

absl::StatusOr<bool> TfxDomainReader::ReadTexts(TfxField& domain, TfxField& feature, ColumnRules& column) const {
  ValuesRule rule{.severity = Severity::kError};
  if (domain.name == "string_domain") {
    rule.allowed = TakeSortedTexts(domain, "value");
  } else if (texts_.contains(domain.text)) {
    rule.domain = domain.text;
  } else if (!names_.contains(domain.text)) {
    return reader_.Error(domain, fmt::format("there is no domain {}", Quoted(domain.text)));
  }
  if (rule.domain.empty() && rule.allowed.empty()) return false;
  if (std::optional<TfxField> mass = feature.Take("distribution_constraints"); mass.has_value()) {
    TRY_ASSIGN(const std::optional<double> share, reader_.Number(*mass, "min_domain_mass", 1));
    rule.min_share = share.value_or(1);
  }
  column.values = std::move(rule);
  return true;
}

absl::StatusOr<bool> TfxDomainReader::ReadNumbers(TfxField& domain, ColumnRules& column, ColumnRules& list) const {
  const bool integers = domain.name == "int_domain";
  if (column.type == Type::kText) {
    column.holds = integers ? Content::kInteger : Content::kNumber;
  } else if (column.type != (integers ? Type::kInteger : Type::kNumber)) {
    return false;
  }
  TfxBounds<double> bounds;
  for (const bool is_min : {true, false}) {
    const std::optional<TfxField> field = domain.Take(is_min ? "min" : "max");
    if (!field.has_value()) continue;
    std::optional<double> bound;
    if (integers) {
      bound = WholeBound(*field, column, is_min);
    } else {
      TRY_ASSIGN(bound, FloatBound(*field, is_min));
    }
    (is_min ? bounds.min : bounds.max) = bound;
  }
  TRY_ASSIGN(bounds, reader_.Ordered(domain, bounds));
  if (bounds.any()) column.range = {.min = bounds.min, .max = bounds.max, .severity = Severity::kError};
  if (column.type == Type::kText) return true;
  column.categorical = TakeTrue(domain, "is_categorical");
  if (TakeTrue(domain, "disallow_nan")) column.nan = Policy::kError;
  if (TakeTrue(domain, "disallow_inf")) column.infinity = Policy::kError;
  TRY(ReadEmbedding(domain, list));
  return true;
}

absl::Status TfxDomainReader::ReadEmbedding(TfxField& domain, ColumnRules& list) const {
  std::optional<TfxField> mark = domain.Take("is_embedding");
  if (!mark.has_value() || !mark->truth) return absl::OkStatus();
  std::optional<TfxField> size = domain.Take("embedding_dim");
  const bool has_shape = list.shape.has_value() && list.shape->dims.size() == 1;
  if (list.type == Type::kList && (size.has_value() || has_shape)) {
    const int64_t dim = size.has_value() ? size->integer : list.shape->dims.front();
    if (dim < 1 || dim > kTfxMaxCount) return reader_.Error(size.value_or(domain), "want a size of 1 or more");
    list.embedding = {.size = dim};
    return absl::OkStatus();
  }
  // A single number is no embedding, and one without a size cannot be checked.
  domain.fields.push_back(*std::move(mark));
  if (size.has_value()) domain.fields.push_back(*std::move(size));
  return absl::OkStatus();
}

std::optional<double> TfxDomainReader::WholeBound(const TfxField& field, const ColumnRules& column, bool is_min) const {
  using Limits = std::numeric_limits<int64_t>;
  if (field.integer == (is_min ? Limits::min() : Limits::max())) return std::nullopt;
  const auto bound = static_cast<double>(field.integer);
  const bool is_beyond = bound >= 0x1p63;  // rounded up to what is no int64
  if (!is_beyond && static_cast<int64_t>(bound) == field.integer) return bound;
  notes_.Add(field, fmt::format("feature {}: the {} of its range, {}, is beyond 2^53 and was rounded outwards",
                                Quoted(column.name), field.name, field.integer));
  const bool is_above = is_beyond || static_cast<int64_t>(bound) > field.integer;
  if (is_above != is_min) return bound;
  return std::nextafter(bound, is_min ? std::numeric_limits<double>::lowest() : std::numeric_limits<double>::max());
}

absl::StatusOr<std::optional<double>> TfxDomainReader::FloatBound(const TfxField& field, bool is_min) const {
  if (field.number == (is_min ? -1 : 1) * std::numeric_limits<double>::infinity()) return std::nullopt;
  if (!std::isfinite(field.number)) return reader_.Error(field, "want a finite bound");
  return field.number;
}

absl::StatusOr<bool> TfxDomainReader::ReadBools(TfxField& domain, ColumnRules& column) const {
  if (column.type == Type::kInteger || column.type == Type::kNumber) {
    column.bools.emplace();
    return true;
  }
  if (column.type != Type::kText) return false;
  BoolsRule rule{.true_text = TakeText(domain, "true_value"), .false_text = TakeText(domain, "false_value")};
  if (rule.true_text.empty() || rule.false_text.empty() || rule.true_text == rule.false_text) {
    return reader_.Error(domain, "a bool_domain of texts needs a true_value and another false_value");
  }
  column.bools = std::move(rule);
  return true;
}

absl::StatusOr<bool> TfxDomainReader::ReadTimes(TfxField& domain, ColumnRules& column) const {
  // Without a format there is nothing to check.
  std::string format;
  if (column.type == Type::kText) {
    std::optional<TfxField> field = domain.Take("string_format");
    if (field.has_value() && TimeFormat::Make(field->text).ok()) {
      format = std::move(field->text);
    } else if (field.has_value()) {
      domain.fields.push_back(*std::move(field));
    }
  } else if (column.type == Type::kInteger && domain.name == "time_domain") {
    for (const TfxField& field : domain.fields) {
      for (const auto& [theirs, ours] : kTfxUnixFormats) {
        if (field.text == theirs) format = ours;
      }
    }
    if (!format.empty()) domain.fields.clear();
  }
  if (format.empty()) return false;
  if (domain.name == "time_of_day_domain") column.holds = Content::kTimeOfDay;
  column.times = {.formats = {std::move(format)}};
  return true;
}

absl::StatusOr<bool> TfxDomainReader::ReadImages(TfxField& domain, ColumnRules& column) const {
  ImagesRule rule;
  TRY_ASSIGN(rule.min_share, reader_.Number(domain, "minimum_supported_image_fraction", 1));
  TRY_ASSIGN(const TfxBounds<int64_t> bytes, reader_.Counts(domain, "", "max_image_byte_size"));
  rule.max_bytes = bytes.max;
  column.images = rule;
  return true;
}

absl::StatusOr<bool> TfxDomainReader::ReadWords(TfxField& domain, ColumnRules& column) const {
  WordsRule rule;
  if (std::optional<TfxField> vocabulary = domain.Take("vocabulary"); vocabulary.has_value()) {
    if (texts_.contains(vocabulary->text)) {
      rule.vocabulary = vocabulary->text;
    } else {  // a file that only the program knew that computed the statistics
      domain.fields.push_back(*std::move(vocabulary));
    }
  }
  if (std::optional<TfxField> coverage = domain.Take("coverage"); coverage.has_value()) {
    // What is known is only known of a vocabulary.
    if (!rule.vocabulary.empty()) {
      TRY_ASSIGN(rule.min_coverage, reader_.Number(*coverage, "min_coverage", 1));
    }
    TRY_ASSIGN(rule.min_mean_length, reader_.Number(*coverage, "min_avg_token_length", 1e308));
    GiveBack(domain, *std::move(coverage));
  }
  if (std::optional<TfxField> lengths = domain.Take("sequence_length_constraints"); lengths.has_value()) {
    TRY_ASSIGN(const TfxBounds<int64_t> words, reader_.Counts(*lengths, "min_sequence_length", "max_sequence_length"));
    rule.min_words = words.min;
    rule.max_words = words.max;
    GiveBack(domain, *std::move(lengths));
  }
  for (TfxField& token : domain.TakeAll("token_constraints")) {
    TRY_ASSIGN(const bool fits, ReadToken(token, rule));
    if (!fits) domain.fields.push_back(std::move(token));
  }
  column.words = std::move(rule);
  return true;
}

absl::StatusOr<bool> TfxDomainReader::ReadToken(TfxField& token, WordsRule& words) const {
  const std::string word = TakeText(token, "string_value");
  if (word.empty()) return false;
  for (const TokenRule& other : words.tokens) {
    if (other.token == word) {
      return reader_.Error(token, fmt::format("the token {} stands here twice", Quoted(word)));
    }
  }
  TRY_ASSIGN(const TfxBounds<int64_t> counts, reader_.Counts(token, "min_per_sequence", "max_per_sequence"));
  TRY_ASSIGN(const TfxBounds<double> shares,
             reader_.Numbers(token, "min_fraction_of_sequences", "max_fraction_of_sequences", 1));
  words.tokens.push_back({.token = word,
                          .min_in_row = counts.min,
                          .max_in_row = counts.max,
                          .min_share = shares.min,
                          .max_share = shares.max});
  return true;
}

}  // namespace roost::schema
