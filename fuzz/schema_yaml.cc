// The reader of schema.yaml: no text crashes it, and what it takes is written as text that reads back as the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "schema/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto schema = roost::schema::FromYaml(text, "schema.yaml");
  if (!schema.ok()) return 0;
  const std::string written = roost::schema::ToYaml(*schema);
  if (written.size() > (1 << 20)) return 0;  // longer than a schema may be
  const auto again = roost::schema::FromYaml(written, "written.yaml");
  ROOST_CHECK(again.ok(), again.status() << '\n' << written);
  ROOST_CHECK(*again == *schema, "another schema was read back from\n" << written);
  return 0;
}
