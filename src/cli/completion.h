#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace roost::cli {

/// A word that could stand where the cursor is.
struct Candidate {
  std::string word;
  std::string about;  ///< a line for people; may be empty

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// What could stand there, by the program's own tree of commands and options.
struct Completion {
  std::vector<Candidate> candidates;
  bool files = false;     ///< a file's or folder's name, too
  bool datasets = false;  ///< a dataset's name, too
  bool models = false;    ///< a model's name, too
  std::string prefix;     ///< what stands before such a name in the same word: "--project="
  std::string project;    ///< what --project says, if it does
};

/// `words` follow the program's name; the last is the one at the cursor, which may be empty. Candidates begin with it.
/// Pure: names of files, datasets and models are for the caller.
Completion Complete(const CLI::App& app, const std::vector<std::string>& words);

/// Makes the values that `option` takes known to Complete, and changes nothing else. For options whose values are
/// checked elsewhere; those with CLI::IsMember are known already.
CLI::Option* Offer(CLI::Option* option, const std::vector<std::string>& values);

}  // namespace roost::cli
