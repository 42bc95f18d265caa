#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "pipeline/trainer_events.h"
#include "pipeline/tune.h"

// What an external trainer writes to stdout: the same events and the same log however it comes in pieces, but that of
// the progress in a piece only the newest is told. And the record of a tuning: what is read is written again as it was.

namespace roost::pipeline {
namespace {

struct Told {
  std::string log;
  std::string events;
};

Told Read(std::string_view bytes, size_t piece) {
  TrainerEvents events;
  Told told;
  const auto log = [&told](std::string_view text) { told.log += text; };
  const auto on_event = [&told](const TrainerEvent& event) {
    if (const auto* metric = std::get_if<TrainerMetric>(&event)) told.events += metric->name + "\n";
    if (const auto* message = std::get_if<TrainerMessage>(&event)) told.events += message->text + "\n";
  };
  for (size_t at = 0; at < bytes.size(); at += piece) events.Append(bytes.substr(at, piece), log, on_event);
  events.Finish(log, on_event);
  return told;
}

void CheckRecord(std::string_view bytes) {
  const auto record = ReadTuneRecord(bytes, "record");
  if (!record.ok()) return;
  ROOST_CHECK(record->bytes <= bytes.size(), "more is whole than there is");
  record->state.NextTrials();
  std::string written = SettingsLine(record->state.settings());
  for (const TrialResult& result : record->state.results()) written += ResultLine(result);
  const auto again = ReadTuneRecord(written, "record");
  ROOST_CHECK(again.ok() && again->state.results() == record->state.results(),
              "a record is not read as it was written");
}

}  // namespace
}  // namespace roost::pipeline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = roost::pipeline::Read(bytes, bytes.size() + 1);
  const auto pieces = roost::pipeline::Read(bytes, 7);
  ROOST_CHECK(whole.log == pieces.log && whole.events == pieces.events, "pieces change what is told");
  roost::pipeline::CheckRecord(bytes);
  return 0;
}
