// fuzz_seeds FOLDER: writes profile states of the newest format, as seeds of fuzz_profile_state.

#include <cstdint>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "column/builder.h"
#include "profile/profile.h"

namespace {

using roost::column::BatchBuilder;
using roost::column::OwnedBatch;
using roost::profile::Profile;

std::string StateOf(const OwnedBatch& batch) {
  Profile profile;
  const auto added = profile.Add(batch.view());
  ROOST_CHECK(added.ok(), added);
  return profile.Serialize();
}

OwnedBatch Numbers() {
  BatchBuilder builder;
  return builder.Numbers("delay", {1.5, -2.25, 0.0, 1e300, std::nullopt}).Integers("n", {1, 2, 3, -4, 5}).Build();
}

OwnedBatch Texts() {
  BatchBuilder builder;
  return builder.Texts("origin", {"ATL", "ORD", "ATL", "", std::nullopt})
      .Times("date", {0, 86'400'000'000, 1, std::nullopt, -5})
      .Build();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 2;
  }
  const std::vector<std::pair<std::string, std::string>> seeds = {
      {"empty", Profile().Serialize()}, {"numbers", StateOf(Numbers())}, {"texts", StateOf(Texts())}};
  for (const auto& [name, state] : seeds) {
    std::ofstream file(std::string(argv[1]) + "/" + name, std::ios::binary);
    if (!(file << state)) return 1;
  }
  return 0;
}
