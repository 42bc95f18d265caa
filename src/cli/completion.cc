#include "cli/completion.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/split.h"

namespace roost::cli {
namespace {

bool IsHidden(const CLI::App& command) { return command.get_group().empty(); }

const CLI::App* FindCommand(const CLI::App& parent, const std::string& name) {
  for (const CLI::App* command : parent.get_subcommands([](const CLI::App*) { return true; })) {
    if (!IsHidden(*command) && command->check_name(name)) return command;
  }
  return nullptr;
}

// The options that may stand after a command: its own and those of its parents that fall through.
std::vector<const CLI::Option*> OptionsAt(const CLI::App& command) {
  std::vector<const CLI::Option*> options;
  for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->get_positional() || option->get_group().empty()) continue;
      // A program's own version is none of a command's.
      if (app != &command && (option->check_lname("version") || option->check_lname("help"))) continue;
      options.push_back(option);
    }
  }
  return options;
}

const CLI::Option* FindOption(const CLI::App& command, const std::string& name) {
  for (const CLI::Option* option : OptionsAt(command)) {
    if (option->check_name(name)) return option;
  }
  return nullptr;
}

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::vector<std::string> WordsIn(std::string_view text, char separator) {
  const std::vector<std::string_view> parts = SplitAt(text, separator);
  return {parts.begin(), parts.end()};
}

// What CLI11 knows of the values: "TEXT:{a,b}" of a check, "a|b" of a name that says them all.
std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{');
  if (begin != std::string::npos && type.ends_with('}')) {
    return WordsIn(std::string_view(type).substr(begin + 1, type.size() - begin - 2), ',');
  }
  const std::string name = type.substr(0, type.find(':'));
  const bool is_list = name.find('|') != std::string::npos &&
                       std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return is_list ? WordsIn(name, '|') : std::vector<std::string>();
}

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// What `name`, an argument's or a value's, stands for in the texts of help.
void AddKindOf(std::string_view name, const CLI::App& command, Completion& completion) {
  for (const std::string_view word : {"FILE", "DIR", "FOLDER", "SOURCE", "PATH", "PLACE"}) {
    if (Has(name, word)) completion.files = true;
  }
  const std::string group = command.get_parent() == nullptr ? "" : command.get_parent()->get_name();
  const bool is_name = name == "NAME" || name == "FROM" || name == "OLD" || name == "NEW";
  const bool is_data = group == "data" || group == "branch" || group == "tag";
  if (Has(name, "DATASET") || (is_name && is_data) || Has(name, "SOURCE")) completion.datasets = true;
  if (Has(name, "MODEL") || (is_name && group == "model")) completion.models = true;
}

void AddWords(const std::vector<std::string>& words, std::string_view typed, Completion& completion) {
  for (const std::string& word : words) {
    if (word.starts_with(typed)) completion.candidates.push_back({completion.prefix + word, ""});
  }
}

void AddValues(const CLI::Option& option, const CLI::App& command, std::string_view typed, Completion& completion) {
  const std::vector<std::string> choices = ChoicesOf(option);
  AddWords(choices, typed, completion);
  if (choices.empty()) AddKindOf(option.get_type_name(), command, completion);
  if (option.check_lname("model")) completion.models = true;
}

void AddOptions(const CLI::App& command, const std::string& typed, Completion& completion) {
  for (const CLI::Option* option : OptionsAt(command)) {
    for (const std::string& name : option->get_lnames()) {
      const std::string word = "--" + name;
      if (word.starts_with(typed)) completion.candidates.push_back({word, option->get_description()});
    }
  }
}

void AddCommands(const CLI::App& command, const std::string& typed, Completion& completion) {
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (IsHidden(*sub) || !sub->get_name().starts_with(typed)) continue;
    completion.candidates.push_back({sub->get_name(), sub->get_description()});
  }
}

// The argument that the word at place `index`, from 0, would be: the last one may take many.
const CLI::Option* ArgumentAt(const CLI::App& command, size_t index) {
  const CLI::Option* last = nullptr;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    if (index == 0) return option;
    last = option;
    --index;
  }
  return last != nullptr && last->get_items_expected_max() > 1 ? last : nullptr;
}

}  // namespace

Completion Complete(const CLI::App& app, const std::vector<std::string>& words) {
  Completion completion;
  const CLI::App* command = &app;
  const CLI::Option* pending = nullptr;  // its value comes next
  size_t arguments = 0;
  bool only_arguments = false;
  const std::string typed = words.empty() ? "" : words.back();
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (pending != nullptr) {
      if (pending->check_lname("project")) completion.project = word;
      pending = nullptr;
    } else if (!only_arguments && word == "--") {
      only_arguments = true;
    } else if (!only_arguments && word.size() > 1 && word[0] == '-') {
      const size_t equals = word.find('=');
      const CLI::Option* option = FindOption(*command, word.substr(0, equals));
      if (option == nullptr || !TakesValue(*option)) continue;
      if (equals == std::string::npos) {
        pending = option;
      } else if (option->check_lname("project")) {
        completion.project = word.substr(equals + 1);
      }
    } else if (const CLI::App* next = arguments == 0 ? FindCommand(*command, word) : nullptr; next != nullptr) {
      command = next;
    } else {
      ++arguments;
    }
  }
  if (pending != nullptr) {
    AddValues(*pending, *command, typed, completion);
    return completion;
  }
  if (!only_arguments && typed.starts_with('-')) {
    const size_t equals = typed.find('=');
    if (equals == std::string::npos) {
      AddOptions(*command, typed, completion);
      return completion;
    }
    const CLI::Option* option = FindOption(*command, typed.substr(0, equals));
    if (option == nullptr || !TakesValue(*option)) return completion;
    completion.prefix = typed.substr(0, equals + 1);
    AddValues(*option, *command, typed.substr(equals + 1), completion);
    return completion;
  }
  if (arguments == 0) AddCommands(*command, typed, completion);
  if (const CLI::Option* argument = ArgumentAt(*command, arguments)) {
    const std::vector<std::string> choices = ChoicesOf(*argument);
    AddWords(choices, typed, completion);
    if (choices.empty()) AddKindOf(argument->get_name(/*positional=*/true), *command, completion);
  }
  return completion;
}

CLI::Option* Offer(CLI::Option* option, const std::vector<std::string>& values) {
  const auto accept = [](std::string&) { return std::string(); };
  return option->check(CLI::Validator(accept, fmt::format("{{{}}}", fmt::join(values, ","))));
}

}  // namespace roost::cli
