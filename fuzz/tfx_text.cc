// The reader of TFX's schema text: no text crashes it, and what it takes can be written in both formats and read back.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "schema/tfx_text.h"
#include "schema/yaml.h"

using roost::schema::FromTfxText;
using roost::schema::ToTfxText;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto imported = FromTfxText({reinterpret_cast<const char*>(data), size}, "schema.pbtxt");
  if (!imported.ok()) return 0;
  const std::string written = ToTfxText(imported->schema).text;
  const auto again = FromTfxText(written, "written.pbtxt");
  ROOST_CHECK(again.ok(), again.status() << '\n' << written);
  ROOST_CHECK(ToTfxText(again->schema).text == written, "written and read, it is written otherwise than\n" << written);

  const std::string yaml = roost::schema::ToYaml(imported->schema);
  if (yaml.size() > (1 << 20)) return 0;  // longer than a schema may be
  const auto read = roost::schema::FromYaml(yaml, "schema.yaml");
  ROOST_CHECK(read.ok(), read.status() << '\n' << yaml);
  ROOST_CHECK(*read == imported->schema, "another schema was read back from\n" << yaml);
  return 0;
}
