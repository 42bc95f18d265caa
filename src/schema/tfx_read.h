#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "schema/tfx_message.h"

namespace roost::schema {

/// How TFX's fields are read into plain values, with the place in every error. Private to this folder.

/// As in schema.yaml.
inline constexpr int64_t kTfxMaxCount = 1'000'000'000'000;

template <typename T>
struct TfxBounds {
  std::optional<T> min, max;
  bool any() const { return min.has_value() || max.has_value(); }
};

/// Takes fields out of messages and checks them. InvalidArgument that begins with "path:line:column:".
class TfxReader {
 public:
  explicit TfxReader(std::string_view path) : path_(path) {}

  absl::Status Error(const TfxField& field, std::string_view what) const;

  /// Counts from 0, in order. A greatest count beyond what any table has is no bound.
  absl::StatusOr<TfxBounds<int64_t>> Counts(TfxField& message, std::string_view min, std::string_view max) const;

  /// Numbers from 0 to `greatest`, in order.
  absl::StatusOr<TfxBounds<double>> Numbers(TfxField& message, std::string_view min, std::string_view max,
                                            double greatest) const;
  absl::StatusOr<std::optional<double>> Number(TfxField& message, std::string_view name, double greatest) const;

  template <typename T>
  absl::StatusOr<TfxBounds<T>> Ordered(const TfxField& message, TfxBounds<T> bounds) const {
    if (bounds.min.has_value() && bounds.max.has_value() && *bounds.min > *bounds.max) {
      return Error(message, "the min is above the max");
    }
    return bounds;
  }

 private:
  std::string_view path_;
};

/// The text or the name of a value; "" where it is not there.
std::string TakeText(TfxField& message, std::string_view name);
/// Each once.
std::vector<std::string> TakeSortedTexts(TfxField& message, std::string_view name);
bool TakeTrue(TfxField& message, std::string_view name);
/// Gives `field` back to `message` where something is left of it.
void GiveBack(TfxField& message, TfxField field);

/// Collects what is to be said of fields that no rule takes.
class TfxNotes {
 public:
  explicit TfxNotes(std::string_view path) : path_(path) {}

  void Add(const TfxField& at, std::string_view what);
  /// What is left in `message`, field by field; one note for the values of a repeated one. `owner` is "feature 'x'".
  void AddRest(const TfxField& message, std::string_view owner, const std::string& way = "");

  /// In the order of the text.
  std::vector<std::string> Take();

 private:
  struct Note {
    int line;
    int column;
    std::string text;
  };

  std::string_view path_;
  std::vector<Note> notes_;
};

}  // namespace roost::schema
