#include "registry/packages.h"

#include <fmt/format.h>

#include "base/status.h"

namespace roost::registry {
namespace {

constexpr char kVerifyHint[] = "Run 'roost data verify' to see what else is damaged, or train the model again.";

// The object named `digest`, whose bytes have that digest. `what` is for the message.
absl::StatusOr<std::string> GetChecked(const Digest& digest, const std::string& what, store::ObjectStore& objects) {
  absl::StatusOr<std::string> bytes = objects.Get(PackageKey(digest));
  if (absl::IsNotFound(bytes.status())) {
    return WithHint(absl::DataLossError(fmt::format("{} is missing: there is no object {}", what, PackageKey(digest))),
                    kVerifyHint);
  }
  if (!bytes.ok()) return Annotate(bytes.status(), what);
  if (Sha256(*bytes) != digest) {
    return WithHint(absl::DataLossError(fmt::format("{} is damaged: the bytes of object {} do not have its digest",
                                                    what, PackageKey(digest))),
                    kVerifyHint);
  }
  return bytes;
}

}  // namespace

std::string PackageKey(const Digest& digest) { return fmt::format("models/{}", digest.ToHex()); }

absl::Status PutPackage(const ModelPackage& package, const Manifest& manifest, store::ObjectStore& objects,
                        const Context& context) {
  for (const Manifest::Part& part : manifest.parts) {
    TRY(context.CheckCancelled());
    TRY(Annotate(objects.Put(PackageKey(part.digest), package.parts.at(part.name)),
                 fmt::format("storing part '{}' of the model", part.name)));
  }
  const std::string bytes = manifest.ToBytes();
  return Annotate(objects.Put(PackageKey(Sha256(bytes)), bytes), "storing the model's manifest");
}

absl::StatusOr<Manifest> GetManifest(const Digest& id, std::string_view model, store::ObjectStore& objects) {
  const std::string what = fmt::format("the manifest of {}", model);
  TRY_ASSIGN(const std::string bytes, GetChecked(id, what, objects));
  absl::StatusOr<Manifest> manifest = ParseManifest(bytes);
  if (!manifest.ok()) return Annotate(manifest.status(), what);
  return manifest;
}

absl::StatusOr<std::string> GetPart(const Manifest::Part& part, std::string_view model, store::ObjectStore& objects) {
  return GetChecked(part.digest, fmt::format("part '{}' of {}", part.name, model), objects);
}

}  // namespace roost::registry
