#include "serving/json_lists.h"

#include <span>

#include <fmt/format.h>
#include <simdjson.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::serving {

absl::Status JsonLists::AddRow(std::string_view json, std::string_view where) {
  const bool of_texts = kind_ == column::Kind::kTextList;
  const auto fail = [&] {
    return absl::InvalidArgumentError(
        fmt::format("{} is not a JSON array of {}", where, of_texts ? "texts" : "numbers"));
  };
  simdjson::dom::parser parser;
  simdjson::dom::array elements;
  if (parser.parse(json.data(), json.size()).get_array().get(elements) != simdjson::SUCCESS) return fail();
  for (const simdjson::dom::element element : elements) {
    if (element.is_null()) continue;
    std::string_view text;
    double number = 0;
    if (of_texts) {
      if (element.get_string().get(text) != simdjson::SUCCESS) return fail();
      texts_.push_back(strings_.emplace_back(text));
    } else {
      if (element.get_double().get(number) != simdjson::SUCCESS) return fail();
      numbers_.push_back(number);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<JsonLists> JsonLists::Parse(const Tensor& tensor, column::Kind kind) {
  JsonLists lists;
  lists.kind_ = kind;
  for (size_t row = 0; row < tensor.texts.size(); ++row) {
    if (!tensor.IsNull(static_cast<int64_t>(row))) {
      TRY(lists.AddRow(tensor.texts[row], fmt::format("input '{}': row {}", tensor.name, row)));
    }
    lists.starts_.push_back(kind == column::Kind::kTextList ? lists.texts_.size() : lists.numbers_.size());
  }
  return lists;
}

column::Value JsonLists::At(int64_t row) const {
  const size_t begin = starts_[static_cast<size_t>(row)];
  const size_t size = starts_[static_cast<size_t>(row) + 1] - begin;
  if (kind_ == column::Kind::kTextList) return std::span(texts_).subspan(begin, size);
  return std::span(numbers_).subspan(begin, size);
}

}  // namespace roost::serving
