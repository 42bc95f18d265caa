// roost completion, and the hidden command complete, which the shells call

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/complete.h"
#include "base/format.h"
#include "cli/commands.h"
#include "cli/completion.h"

namespace roost::cli {
namespace {

// Each asks `roost complete -- WORD...` for what could stand in place of the last word: a line a word, with a tab and a
// text for people behind it, and a last line ":files" where names of files fit too, else ":".

constexpr const char* kBash = R"(# Completion of roost for bash; in ~/.bashrc: source <(roost completion bash)
_roost() {
  local rest=${COMP_LINE:0:COMP_POINT} words=() word line i
  # Bash also cuts words at '=', '@' and ':'; what no blank divides is one word here.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ ${#words[@]} -eq 0 || $rest == [[:space:]]* ]]; then
      rest=${rest#"${rest%%[![:space:]]*}"}
      words+=('')
    fi
    [[ $rest == "$word"* ]] || word=$rest
    words[-1]+=$word
    rest=${rest:${#word}}
  done
  local typed=${words[-1]}
  local tail=${typed##*[$COMP_WORDBREAKS]}
  local head=${typed%"$tail"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o default ;;
      :) ;;
      *)
        line=${line%%$'\t'*}
        COMPREPLY+=("${line#"$head"}")
        ;;
    esac
  done < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
  # What is both, a name and a file: readline looks at files only where there are no other words.
  if compopt 2>/dev/null | grep -q -- '-o default' && [[ ${#COMPREPLY[@]} -gt 0 ]]; then
    compopt -o filenames
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$tail")
  fi
}
complete -F _roost roost
)";

constexpr const char* kZsh = R"(#compdef roost
# Completion of roost for zsh: in ~/.zshrc, after compinit: source <(roost completion zsh)
_roost() {
  local -a found
  local line word files=
  for line in "${(@f)$("${(Q)words[1]}" complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
    case $line in
      :files) files=1 ;;
      :) ;;
      *)
        word=${line%%$'\t'*}
        found+=("${word//:/\\:}:${line#*$'\t'}")
        ;;
    esac
  done
  (( $#found )) && _describe -t words 'roost' found
  if [[ -n $files ]]; then
    compset -P '--*='
    _files
  fi
}
if [[ ${funcstack[1]} == _roost ]]; then
  _roost "$@"
else
  compdef _roost roost
fi
)";

constexpr const char* kFish =
    R"(# Completion of roost for fish; in ~/.config/fish/config.fish: roost completion fish | source
function __roost_complete
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    set -l typed (commandline --current-token --cut-at-cursor)
    for line in (command $words[1] complete -- $words[2..-1] "$typed" 2>/dev/null)
        switch $line
            case ':files'
                # A file's name behind '--option=' is that of the value alone.
                set -l parts (string match --regex -- '^((?:--[^=]*=)?)(.*)$' "$typed")
                for path in (__fish_complete_path "$parts[3]")
                    echo "$parts[2]$path"
                end
            case ':'
            case '*'
                echo $line
        end
    end
end
complete --command roost --no-files --arguments '(__roost_complete)'
)";

// A tab or line feed in a text would be read as the end of it.
std::string LineOf(const Candidate& candidate) {
  return fmt::format("{}\t{}\n", WithoutControls(candidate.word), WithoutControls(candidate.about));
}

void PrintCompletion(const CLI::App& app, const std::vector<std::string>& words, Session& session) {
  Completion completion = Complete(app, words);
  const std::string typed = words.empty() ? "" : words.back();
  if (completion.datasets || completion.models) {
    const std::string folder = completion.project.empty() ? "." : completion.project;
    for (const std::string& name : api::NamesNearby(folder, completion.datasets, completion.models)) {
      const std::string word = completion.prefix + name;
      if (word.starts_with(typed)) completion.candidates.push_back({word, ""});
    }
  }
  std::string text;
  for (const Candidate& candidate : completion.candidates) text += LineOf(candidate);
  session.Print(text + (completion.files ? ":files\n" : ":\n"));
}

}  // namespace

void AddCompletionCommand(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("completion", "Words at the key Tab, for bash, zsh and fish");
  group->require_subcommand(1);
  group->footer(
      "In ~/.bashrc:                  source <(roost completion bash)\n"
      "In ~/.zshrc, after compinit:   source <(roost completion zsh)\n"
      "In ~/.config/fish/config.fish: roost completion fish | source");
  for (const auto& [shell, script] : {std::pair("bash", kBash), std::pair("zsh", kZsh), std::pair("fish", kFish)}) {
    CLI::App* command = group->add_subcommand(shell, fmt::format("The script for {}, on stdout", shell));
    command->callback([script = script, &session] {
      session.Print(script);
      session.Finish(0);
    });
  }
  CLI::App* complete = app.add_subcommand("complete")->group("");  // for the scripts
  auto words = std::make_shared<std::vector<std::string>>();
  complete->add_option("WORD", *words);
  complete->callback([&app, words, &session] {
    PrintCompletion(app, *words, session);
    session.Finish(0);
  });
}

}  // namespace roost::cli
