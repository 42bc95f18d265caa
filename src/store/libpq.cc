#include "store/libpq.h"

#include <dlfcn.h>

#include <string>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::store {
namespace {

constexpr char kSociLibrary[] = "libsoci_postgresql.so.4.0";
constexpr char kPqLibrary[] = "libpq.so.5";

absl::Status NotLoaded() {
  const char* why = ::dlerror();
  return WithHint(absl::FailedPreconditionError(fmt::format("the libraries for PostgreSQL cannot be loaded: {}",
                                                            why == nullptr ? "a function is missing" : why)),
                  "On Debian: apt-get install libsoci-postgresql4.0");
}

template <typename Function>
bool Find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

absl::StatusOr<Libpq> Load() {
  // Never closed: SOCI and libpq keep state in statics.
  void* soci_library = ::dlopen(kSociLibrary, RTLD_NOW | RTLD_LOCAL);
  if (soci_library == nullptr) return NotLoaded();
  void* pq = ::dlopen(kPqLibrary, RTLD_NOW | RTLD_LOCAL);
  if (pq == nullptr) return NotLoaded();
  const soci::backend_factory* (*factory)() = nullptr;
  Libpq libpq{};
  const bool all = Find(soci_library, "factory_postgresql", factory) &&
                   Find(pq, "PQconninfoParse", libpq.conninfo_parse) &&
                   Find(pq, "PQconninfoFree", libpq.conninfo_free) && Find(pq, "PQfreemem", libpq.freemem) &&
                   Find(pq, "PQstatus", libpq.status) && Find(pq, "PQserverVersion", libpq.server_version) &&
                   Find(pq, "PQtransactionStatus", libpq.transaction_status) &&
                   Find(pq, "PQresultErrorField", libpq.result_error_field) && Find(pq, "PQntuples", libpq.ntuples) &&
                   Find(pq, "PQnfields", libpq.nfields) && Find(pq, "PQftype", libpq.ftype) &&
                   Find(pq, "PQgetisnull", libpq.getisnull) && Find(pq, "PQgetvalue", libpq.getvalue) &&
                   Find(pq, "PQgetlength", libpq.getlength);
  if (!all) return NotLoaded();
  libpq.soci_backend = factory();
  return libpq;
}

}  // namespace

absl::StatusOr<const Libpq*> LoadLibpq() {
  static const absl::StatusOr<Libpq> libpq = Load();
  if (!libpq.ok()) return libpq.status();
  return &*libpq;
}

}  // namespace roost::store
