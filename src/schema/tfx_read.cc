#include "schema/tfx_read.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

using Kind = TfxField::Kind;

std::string ValueText(const TfxField& field) {
  switch (field.kind) {
    case Kind::kMessage: return "{}";
    case Kind::kText: return Quoted(field.text);
    case Kind::kName: return field.text;
    case Kind::kInteger: return fmt::format("{}", field.integer);
    case Kind::kNumber: return FormatExact(field.number);
    case Kind::kBool: return field.truth ? "true" : "false";
  }
  return "";
}

}  // namespace

absl::Status TfxReader::Error(const TfxField& field, std::string_view what) const {
  return absl::InvalidArgumentError(TfxPlace(field, path_, what));
}

absl::StatusOr<TfxBounds<int64_t>> TfxReader::Counts(TfxField& message, std::string_view min,
                                                     std::string_view max) const {
  TfxBounds<int64_t> bounds;
  for (const bool is_min : {true, false}) {
    const std::optional<TfxField> field = message.Take(is_min ? min : max);
    if (!field.has_value() || (!is_min && field->integer > kTfxMaxCount)) continue;
    if (field->integer < 0 || field->integer > kTfxMaxCount) {
      return Error(*field, fmt::format("want a count from 0 to {}, got {}", FormatCount(kTfxMaxCount), field->integer));
    }
    (is_min ? bounds.min : bounds.max) = field->integer;
  }
  return Ordered(message, bounds);
}

absl::StatusOr<TfxBounds<double>> TfxReader::Numbers(TfxField& message, std::string_view min, std::string_view max,
                                                     double greatest) const {
  TfxBounds<double> bounds;
  TRY_ASSIGN(bounds.min, Number(message, min, greatest));
  TRY_ASSIGN(bounds.max, Number(message, max, greatest));
  return Ordered(message, bounds);
}

absl::StatusOr<std::optional<double>> TfxReader::Number(TfxField& message, std::string_view name,
                                                        double greatest) const {
  const std::optional<TfxField> field = message.Take(name);
  if (!field.has_value()) return std::nullopt;
  if (!(field->number >= 0 && field->number <= greatest)) {
    const std::string_view upper = greatest == 1 ? "from 0 to 1" : "of 0 or more";
    return Error(*field, fmt::format("want a number {}, got {}", upper, FormatExact(field->number)));
  }
  return field->number;
}

std::string TakeText(TfxField& message, std::string_view name) {
  std::optional<TfxField> field = message.Take(name);
  return field.has_value() ? std::move(field->text) : std::string();
}

std::vector<std::string> TakeSortedTexts(TfxField& message, std::string_view name) {
  std::set<std::string> texts;
  for (TfxField& field : message.TakeAll(name)) texts.insert(std::move(field.text));
  return {texts.begin(), texts.end()};
}

bool TakeTrue(TfxField& message, std::string_view name) {
  const std::optional<TfxField> field = message.Take(name);
  return field.has_value() && field->truth;
}

void GiveBack(TfxField& message, TfxField field) {
  if (!field.fields.empty()) message.fields.push_back(std::move(field));
}

void TfxNotes::Add(const TfxField& at, std::string_view what) {
  notes_.push_back({.line = at.line, .column = at.column, .text = TfxPlace(at, path_, what)});
}

std::vector<std::string> TfxNotes::Take() {
  std::stable_sort(notes_.begin(), notes_.end(), [](const Note& a, const Note& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  std::vector<std::string> texts;
  for (Note& note : notes_) texts.push_back(std::move(note.text));
  return texts;
}

void TfxNotes::AddRest(const TfxField& message, std::string_view owner, const std::string& way) {
  for (size_t i = 0; i < message.fields.size(); ++i) {
    const TfxField& field = message.fields[i];
    const std::string name = way + field.name;
    if (field.kind == Kind::kMessage && !field.fields.empty()) {
      AddRest(field, owner, name + ".");
      continue;
    }
    size_t end = i + 1;
    while (end < message.fields.size() && message.fields[end].name == field.name) ++end;
    const auto others = static_cast<int64_t>(end - i - 1);
    const std::string more = others > 0 ? fmt::format(" and {} more", FormatCount(others)) : "";
    Add(field, fmt::format("{}: no rule here says '{}: {}'{}; left out", owner, name, ValueText(field), more));
    i = end - 1;
  }
}

}  // namespace roost::schema
