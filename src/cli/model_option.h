#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace roost::cli {

/// --model NAME: which of the models of roost.yaml a command is about, for Project::SelectModel.
inline void AddModelOption(CLI::App& command, std::string& model) {
  command.add_option("--model", model, "Which of several models of roost.yaml")->type_name("NAME");
}

}  // namespace roost::cli
