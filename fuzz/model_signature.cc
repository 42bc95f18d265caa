// What a signature of a model says, before anybody has verified it: no bytes crash its reader, and what it takes lists
// files, each once and in their order.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "registry/model_signature.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bundle(reinterpret_cast<const char*>(data), size);
  const auto statement = roost::registry::ReadUnverified(bundle);
  if (!statement.ok()) return 0;
  ROOST_CHECK(roost::registry::CheckFiles(*statement, statement->files).ok(), "its own files are refused");
  ROOST_CHECK(!roost::registry::ReadSignature(bundle, {}).ok(), "it is taken without a key");
  return 0;
}
