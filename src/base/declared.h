#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/declared_keys.h"
#include "base/yaml.h"

namespace roost {

/// Declared configuration: each key of a YAML file is declared once, with its type, bounds, default and meaning. The
/// declaration parses, checks, explains errors ("roost.yaml:7: unknown key 'lable'", with a spelling hint) and writes
/// the reference page. Defaults are those of the default-constructed struct.
///
///   struct Options { double l2 = 1.0; };
///   Declaration<Options> declaration;
///   declaration.Number("l2", &Options::l2, {.min = 0, .max = 1e9}, "penalty on the weights");
///   absl::StatusOr<Options> options = declaration.Parse(text, "roost.yaml");

template <typename T>
class Declaration {
 public:
  Declaration() : keys_(std::make_shared<DeclaredKeys>()) {}

  Declaration& Text(std::string name, std::string T::*field, std::string meaning,
                    Presence presence = Presence::kOptional, TextCheck check = nullptr) {
    keys_->Add({std::move(name), "text", T().*field, std::move(meaning), presence,
                [field, check](const YamlNode& node, void* target) -> absl::Status {
                  absl::StatusOr<std::string> text = ReadText(node);
                  if (!text.ok()) return text.status();
                  if (check) {
                    if (absl::Status bad = check(*text); !bad.ok()) return node.Error(std::string(bad.message()));
                  }
                  static_cast<T*>(target)->*field = *std::move(text);
                  return absl::OkStatus();
                },
                nullptr},
               ValueShape::Text());
    return *this;
  }

  Declaration& Number(std::string name, double T::*field, NumberBounds bounds, std::string meaning) {
    keys_->Add({std::move(name), NumberText(bounds), StandardText(T().*field), std::move(meaning), Presence::kOptional,
                Assign(field, [bounds](const YamlNode& node) { return ReadNumber(node, bounds); }), nullptr},
               ValueShape::Number(bounds));
    return *this;
  }

  Declaration& Integer(std::string name, int64_t T::*field, IntegerBounds bounds, std::string meaning) {
    keys_->Add(
        {std::move(name), IntegerText(bounds), std::to_string(T().*field), std::move(meaning), Presence::kOptional,
         Assign(field, [bounds](const YamlNode& node) { return ReadInteger(node, bounds); }), nullptr},
        ValueShape::Integer(bounds));
    return *this;
  }

  /// A number that may be left out.
  Declaration& OptionalNumber(std::string name, std::optional<double> T::*field, NumberBounds bounds,
                              std::string meaning) {
    keys_->Add({std::move(name), NumberText(bounds), "", std::move(meaning), Presence::kOptional,
                Assign(field, [bounds](const YamlNode& node) { return ReadNumber(node, bounds); }), nullptr},
               ValueShape::Number(bounds));
    return *this;
  }

  Declaration& Flag(std::string name, bool T::*field, std::string meaning) {
    keys_->Add({std::move(name), "true or false", T().*field ? "true" : "false", std::move(meaning),
                Presence::kOptional, Assign(field, ReadFlag), nullptr},
               ValueShape::Flag());
    return *this;
  }

  /// A list of one text or more.
  Declaration& Texts(std::string name, std::vector<std::string> T::*field, std::string meaning,
                     Presence presence = Presence::kOptional) {
    keys_->Add({std::move(name), "list of texts", "", std::move(meaning), presence, Assign(field, ReadTexts), nullptr},
               ValueShape::List(ValueShape::Text()));
    return *this;
  }

  /// A list of one number or more.
  Declaration& Numbers(std::string name, std::vector<double> T::*field, NumberBounds bounds, std::string meaning) {
    keys_->Add({std::move(name), "list of numbers", "", std::move(meaning), Presence::kOptional,
                Assign(field, [bounds](const YamlNode& node) { return ReadNumbers(node, bounds); }), nullptr},
               ValueShape::List(ValueShape::Number(bounds)));
    return *this;
  }

  /// What no other kind of key can say: `read` fills the struct; `type` and `standard` are for people.
  Declaration& Custom(std::string name, std::string type, std::string standard, std::string meaning, Presence presence,
                      std::function<absl::Status(const YamlNode&, T&)> read,
                      std::shared_ptr<const DeclaredKeys> nested = nullptr) {
    keys_->Add({std::move(name), std::move(type), std::move(standard), std::move(meaning), presence,
                [read](const YamlNode& node, void* target) { return read(node, *static_cast<T*>(target)); },
                std::move(nested)});
    return *this;
  }

  /// The shape of the key before, which is a Custom one or a text that not all texts are: as it is written in the file.
  Declaration& Shaped(ValueShape shape) {
    keys_->Shape(std::move(shape));
    return *this;
  }

  /// As DeclaredKeys::When.
  Declaration& When(std::string selector, std::vector<std::string> values) {
    keys_->When(std::move(selector), std::move(values));
    return *this;
  }

  template <typename E>
  Declaration& Choice(std::string name, E T::*field, std::vector<std::pair<std::string, E>> choices,
                      std::string meaning, Presence presence = Presence::kOptional) {
    std::string standard;
    for (const auto& [choice, value] : choices) {
      if (value == T().*field) standard = choice;
    }
    return AddChoice(std::move(name), field, choices, presence == Presence::kRequired ? "" : standard,
                     std::move(meaning), presence);
  }

  /// Empty where the key is left out.
  template <typename E>
  Declaration& OptionalChoice(std::string name, std::optional<E> T::*field,
                              std::vector<std::pair<std::string, E>> choices, std::string meaning) {
    return AddChoice(std::move(name), field, choices, "", std::move(meaning), Presence::kOptional);
  }

  /// A nested mapping. An absent optional section leaves the field empty.
  template <typename S>
  Declaration& Section(std::string name, std::optional<S> T::*field, const Declaration<S>& section,
                       std::string meaning) {
    auto nested = section.keys();
    keys_->Add({std::move(name), "section", "", std::move(meaning), Presence::kOptional,
                [field, nested](const YamlNode& node, void* target) -> absl::Status {
                  S value;
                  if (absl::Status bad = nested->Read(node, &value); !bad.ok()) return bad;
                  static_cast<T*>(target)->*field = std::move(value);
                  return absl::OkStatus();
                },
                nested},
               ValueShape::Section(nested));
    return *this;
  }

  template <typename S>
  Declaration& Section(std::string name, S T::*field, const Declaration<S>& section, std::string meaning,
                       Presence presence = Presence::kOptional) {
    auto nested = section.keys();
    keys_->Add({std::move(name), "section", "", std::move(meaning), presence,
                [field, nested](const YamlNode& node, void* target) {
                  return nested->Read(node, &(static_cast<T*>(target)->*field));
                },
                nested},
               ValueShape::Section(nested));
    keys_->Fill();
    return *this;
  }

  /// A list of mappings.
  template <typename S>
  Declaration& List(std::string name, std::vector<S> T::*field, const Declaration<S>& element, std::string meaning,
                    Presence presence = Presence::kOptional) {
    auto nested = element.keys();
    keys_->Add({std::move(name), "list", "", std::move(meaning), presence,
                [field, nested](const YamlNode& node, void* target) -> absl::Status {
                  if (!node.IsList() || node.Elements().empty())
                    return node.Error("want a list with one entry or more");
                  for (const YamlNode& element_node : node.Elements()) {
                    S value;
                    if (absl::Status bad = nested->Read(element_node, &value); !bad.ok()) return bad;
                    (static_cast<T*>(target)->*field).push_back(std::move(value));
                  }
                  return absl::OkStatus();
                },
                nested},
               ValueShape::List(ValueShape::Section(nested)));
    return *this;
  }

  /// InvalidArgument that begins with "path:line:".
  absl::StatusOr<T> Parse(std::string_view text, std::string_view path) const {
    const absl::StatusOr<YamlNode> root = YamlNode::Parse(text, path);
    if (!root.ok()) return root.status();
    T value;
    if (absl::Status bad = keys_->Read(*root, &value); !bad.ok()) return bad;
    return value;
  }

  std::shared_ptr<const DeclaredKeys> keys() const { return keys_; }

 private:
  template <typename F, typename E>
  Declaration& AddChoice(std::string name, F T::*field, const std::vector<std::pair<std::string, E>>& choices,
                         std::string standard, std::string meaning, Presence presence) {
    std::vector<std::string> names;
    for (const auto& [choice, value] : choices) names.push_back(choice);
    keys_->Add({std::move(name), ChoiceText(names), std::move(standard), std::move(meaning), presence,
                Assign(field,
                       [names, choices](const YamlNode& node) -> absl::StatusOr<E> {
                         const absl::StatusOr<size_t> index = ReadChoice(node, names);
                         if (!index.ok()) return index.status();
                         return choices[*index].second;
                       }),
                nullptr},
               ValueShape::Choice(names));
    return *this;
  }

  template <typename F, typename Reader>
  static std::function<absl::Status(const YamlNode&, void*)> Assign(F T::*field, Reader reader) {
    return [field, reader](const YamlNode& node, void* target) -> absl::Status {
      auto value = reader(node);
      if (!value.ok()) return value.status();
      static_cast<T*>(target)->*field = *std::move(value);
      return absl::OkStatus();
    };
  }

  std::shared_ptr<DeclaredKeys> keys_;
};

}  // namespace roost
