#include "registry/records.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "base/json_members.h"
#include "base/status.h"

namespace roost::registry {

int64_t IntegerMember(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

absl::StatusOr<int64_t> AdoptFolders(const std::vector<std::string>& keys, std::string_view root,
                                     absl::FunctionRef<absl::StatusOr<int64_t>(const std::string& folder)> adopt) {
  int64_t adopted = 0;
  std::optional<std::string> last;
  for (const std::string& key : keys) {
    const size_t begin = root.size() + 1;
    const size_t slash = key.rfind('/');
    std::string folder = slash > begin ? key.substr(begin, slash - begin) : "";
    if (folder == last) continue;
    TRY_ASSIGN(const int64_t count, adopt(folder));
    adopted += count;
    last = std::move(folder);
  }
  return adopted;
}

}  // namespace roost::registry
