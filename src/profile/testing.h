#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "column/column_view.h"

namespace roost::profile {

/// For the tests and benchmarks of this folder: a state's bytes by themselves.
template <typename State>
std::string BytesOf(const State& state) {
  std::string bytes;
  state.Serialize(bytes);
  return bytes;
}

/// For the tests and benchmarks of this folder: the buffers behind one column of any Arrow format.
class TestColumn {
 public:
  /// Values of a fixed-width format, null where `valid` is false (empty: none is null).
  template <typename T>
  TestColumn(std::string name, std::string format, const std::vector<T>& values, const std::vector<bool>& valid = {})
      : TestColumn(std::move(name), std::move(format), static_cast<int64_t>(values.size()), valid) {
    state_->values.resize(values.size() * sizeof(T) + 1);
    if (!values.empty()) std::memcpy(state_->values.data(), values.data(), values.size() * sizeof(T));
    state_->array.n_buffers = 2;
  }

  static TestColumn Texts(std::string name, std::string format, const std::vector<std::optional<std::string>>& values) {
    std::vector<int32_t> offsets{0};
    std::vector<bool> valid;
    std::string text;
    for (const auto& value : values) {
      text += value.value_or("");
      offsets.push_back(static_cast<int32_t>(text.size()));
      valid.push_back(value.has_value());
    }
    TestColumn column(std::move(name), std::move(format), offsets, valid);
    column.state_->array.length = static_cast<int64_t>(values.size());
    column.state_->text = text + '\0';
    column.state_->array.n_buffers = 3;
    return column;
  }

  static TestColumn Bools(std::string name, const std::vector<bool>& values, const std::vector<bool>& valid = {}) {
    TestColumn column(std::move(name), "b", Bits(values), valid);
    column.state_->array.length = static_cast<int64_t>(values.size());
    return column;
  }

  /// A column of nulls or of a type that is not read, of which only rows can be counted.
  static TestColumn Opaque(std::string name, std::string format, int64_t rows) {
    return TestColumn(std::move(name), std::move(format), rows, {});
  }

  /// int32 codes into `dictionary`; null where a code is negative.
  static TestColumn Dictionary(std::string name, std::vector<int32_t> codes, TestColumn dictionary) {
    std::vector<bool> valid;
    for (int32_t& code : codes) {
      valid.push_back(code >= 0);
      code = code < 0 ? 0 : code;
    }
    TestColumn column(std::move(name), "i", codes, valid);
    column.dictionary_ = std::make_shared<TestColumn>(std::move(dictionary));
    return column;
  }

  column::ColumnView View() const {
    State& state = *state_;
    state.buffers[0] = state.validity.empty() ? nullptr : state.validity.data();
    state.buffers[1] = state.values.data();
    state.buffers[2] = state.text.data();
    state.schema.name = state.name.c_str();
    state.schema.format = state.format.c_str();
    state.array.buffers = state.buffers;
    state.array.null_count = state.validity.empty() ? 0 : -1;
    if (dictionary_ != nullptr) {
      static_cast<void>(dictionary_->View());
      state.schema.dictionary = &dictionary_->state_->schema;
      state.array.dictionary = &dictionary_->state_->array;
    }
    return *column::ColumnView::Make(state.schema, state.array);
  }

 private:
  struct State {
    std::string name;
    std::string format;
    std::vector<uint8_t> validity;
    std::vector<uint8_t> values;
    std::string text;
    const void* buffers[3] = {};
    ArrowSchema schema{};
    ArrowArray array{};
  };

  TestColumn(std::string name, std::string format, int64_t length, const std::vector<bool>& valid)
      : state_(std::make_shared<State>()) {
    state_->name = std::move(name);
    state_->format = std::move(format);
    state_->array.length = length;
    if (!valid.empty()) state_->validity = Bits(valid);
  }

  static std::vector<uint8_t> Bits(const std::vector<bool>& values) {
    std::vector<uint8_t> bits(values.size() / 8 + 1);
    for (size_t i = 0; i < values.size(); ++i) bits[i / 8] |= static_cast<uint8_t>((values[i] ? 1 : 0) << (i % 8));
    return bits;
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<TestColumn> dictionary_;
};

}  // namespace roost::profile
