#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/hash.h"
#include "registry/manifest.h"
#include "store/object_store.h"

namespace roost::registry {

/// The key of the object with this digest: a part, or a manifest.
std::string PackageKey(const Digest& digest);

/// Stores `package`, whose manifest is `manifest`, and then the manifest. When it returns OK both are durable.
/// Storing the same package again changes nothing.
absl::Status PutPackage(const ModelPackage& package, const Manifest& manifest, store::ObjectStore& objects,
                        const Context& context);

/// The manifest whose bytes have the digest `id`. DataLoss where it is missing or damaged; `model` is for the message.
absl::StatusOr<Manifest> GetManifest(const Digest& id, std::string_view model, store::ObjectStore& objects);

/// The bytes of `part`, checked against their digest. DataLoss, naming the part, where they are missing or
/// damaged.
absl::StatusOr<std::string> GetPart(const Manifest::Part& part, std::string_view model, store::ObjectStore& objects);

}  // namespace roost::registry
