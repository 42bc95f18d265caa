#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/declared.h"
#include "base/status.h"
#include "base/yaml.h"
#include "schema/rules.h"

namespace roost::schema {

/// How the keys of schema.yaml are declared: each helper declares one key of a struct T. Private to this folder.

struct KeyText {
  std::string name;
  std::string type;
  std::string standard;
  std::string meaning;
};

inline constexpr NumberBounds kShare{.min = 0, .max = 1};
inline constexpr IntegerBounds kCount{};
inline constexpr std::initializer_list<Severity> kSeverities = {Severity::kError, Severity::kWarning};

/// A key whose value `read` puts into a T.
template <typename T, typename Read>
void AddKey(DeclaredKeys& keys, KeyText text, roost::Presence presence, Read read,
            std::shared_ptr<const DeclaredKeys> nested = nullptr) {
  keys.Add({std::move(text.name), std::move(text.type), std::move(text.standard), std::move(text.meaning), presence,
            [read](const YamlNode& node, void* target) -> absl::Status { return read(node, *static_cast<T*>(target)); },
            std::move(nested)});
}

template <typename E>
struct ValueOf {
  using Type = E;
};
template <typename E>
struct ValueOf<std::optional<E>> {
  using Type = E;
};

/// One of `values`, by its name; the field may be optional.
template <typename T, typename Field>
void AddChoice(DeclaredKeys& keys, KeyText text, Field T::*field,
               std::initializer_list<typename ValueOf<Field>::Type> values,
               std::string_view (*name_of)(typename ValueOf<Field>::Type),
               roost::Presence presence = roost::Presence::kOptional) {
  std::vector<std::string> names;
  for (const auto value : values) names.emplace_back(name_of(value));
  text.type = ChoiceText(names);
  if constexpr (std::is_same_v<typename ValueOf<Field>::Type, Field>) {
    if (presence == roost::Presence::kOptional) text.standard = name_of(T().*field);
  }
  const std::vector<typename ValueOf<Field>::Type> choices(values);
  AddKey<T>(keys, std::move(text), presence, [=](const YamlNode& node, T& target) -> absl::Status {
    TRY_ASSIGN(const size_t index, ReadChoice(node, names));
    target.*field = choices[index];
    return absl::OkStatus();
  });
}

template <typename T, typename Field>
void AddNumber(DeclaredKeys& keys, KeyText text, Field T::*field, NumberBounds bounds,
               roost::Presence presence = roost::Presence::kOptional) {
  text.type = NumberText(bounds);
  AddKey<T>(keys, std::move(text), presence, [=](const YamlNode& node, T& target) -> absl::Status {
    TRY_ASSIGN(target.*field, ReadNumber(node, bounds));
    return absl::OkStatus();
  });
}

template <typename T, typename Field>
void AddInteger(DeclaredKeys& keys, KeyText text, Field T::*field, IntegerBounds bounds = kCount,
                roost::Presence presence = roost::Presence::kOptional) {
  text.type = IntegerText(bounds);
  AddKey<T>(keys, std::move(text), presence, [=](const YamlNode& node, T& target) -> absl::Status {
    TRY_ASSIGN(target.*field, ReadInteger(node, bounds));
    return absl::OkStatus();
  });
}

template <typename T>
void AddBool(DeclaredKeys& keys, std::string name, bool T::*field, std::string meaning) {
  const std::vector<std::string> names{"false", "true"};
  AddKey<T>(keys, {std::move(name), ChoiceText(names), "false", std::move(meaning)}, roost::Presence::kOptional,
            [=](const YamlNode& node, T& target) -> absl::Status {
              TRY_ASSIGN(const size_t index, ReadChoice(node, names));
              target.*field = index == 1;
              return absl::OkStatus();
            });
}

template <typename T>
void AddText(DeclaredKeys& keys, std::string name, std::string T::*field, std::string meaning,
             roost::Presence presence = roost::Presence::kOptional) {
  AddKey<T>(keys, {std::move(name), "text", "", std::move(meaning)}, presence,
            [=](const YamlNode& node, T& target) -> absl::Status {
              TRY_ASSIGN(target.*field, ReadText(node));
              return absl::OkStatus();
            });
}

/// The texts of a list, one or more, each once; in the file's order. InvalidArgument with the line.
absl::StatusOr<std::vector<std::string>> ReadTextList(const YamlNode& node);

/// A list of texts; `sorted` ones are a set.
template <typename T>
void AddTexts(DeclaredKeys& keys, std::string name, std::vector<std::string> T::*field, std::string meaning,
              roost::Presence presence = roost::Presence::kOptional, bool sorted = false) {
  AddKey<T>(keys, {std::move(name), "list of texts", "", std::move(meaning)}, presence,
            [=](const YamlNode& node, T& target) -> absl::Status {
              TRY_ASSIGN(target.*field, ReadTextList(node));
              if (sorted) std::sort((target.*field).begin(), (target.*field).end());
              return absl::OkStatus();
            });
}

/// A section of its own keys.
template <typename T, typename S>
void AddSection(DeclaredKeys& keys, std::string name, S T::*field, std::shared_ptr<const DeclaredKeys> section,
                std::string meaning) {
  AddKey<T>(
      keys, {std::move(name), "section", "", std::move(meaning)}, roost::Presence::kOptional,
      [=](const YamlNode& node, T& target) {
        if constexpr (std::is_same_v<typename ValueOf<S>::Type, S>) {
          return section->Read(node, &(target.*field));
        } else {
          return section->Read(node, &(target.*field).emplace());
        }
      },
      section);
}

/// A list of sections.
template <typename T, typename S>
void AddSections(DeclaredKeys& keys, std::string name, std::vector<S> T::*field,
                 std::shared_ptr<const DeclaredKeys> section, std::string meaning) {
  AddKey<T>(
      keys, {std::move(name), "list", "", std::move(meaning)}, roost::Presence::kOptional,
      [=](const YamlNode& node, T& target) -> absl::Status {
        if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one entry or more");
        for (const YamlNode& element : node.Elements()) {
          S value;
          TRY(section->Read(element, &value));
          (target.*field).push_back(std::move(value));
        }
        return absl::OkStatus();
      },
      section);
}

}  // namespace roost::schema
