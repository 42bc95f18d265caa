#include "store/libpq.h"

#include <string>

#include <fmt/format.h>

#include "base/shared_library.h"
#include "base/status.h"

namespace roost::store {
namespace {

constexpr char kSociLibrary[] = "libsoci_postgresql.so.4.0";
constexpr char kPqLibrary[] = "libpq.so.5";

absl::StatusOr<Libpq> Open() {
  TRY_ASSIGN(const SharedLibrary soci_library, SharedLibrary::Open(kSociLibrary));
  TRY_ASSIGN(const SharedLibrary pq, SharedLibrary::Open(kPqLibrary));
  const soci::backend_factory* (*factory)() = nullptr;
  Libpq libpq{};
  TRY(soci_library.Find("factory_postgresql", factory));
  TRY(pq.Find("PQconninfoParse", libpq.conninfo_parse));
  TRY(pq.Find("PQconninfoFree", libpq.conninfo_free));
  TRY(pq.Find("PQfreemem", libpq.freemem));
  TRY(pq.Find("PQstatus", libpq.status));
  TRY(pq.Find("PQserverVersion", libpq.server_version));
  TRY(pq.Find("PQtransactionStatus", libpq.transaction_status));
  TRY(pq.Find("PQresultErrorField", libpq.result_error_field));
  TRY(pq.Find("PQntuples", libpq.ntuples));
  TRY(pq.Find("PQnfields", libpq.nfields));
  TRY(pq.Find("PQftype", libpq.ftype));
  TRY(pq.Find("PQgetisnull", libpq.getisnull));
  TRY(pq.Find("PQgetvalue", libpq.getvalue));
  TRY(pq.Find("PQgetlength", libpq.getlength));
  libpq.soci_backend = factory();
  return libpq;
}

absl::StatusOr<Libpq> Load() {
  absl::StatusOr<Libpq> libpq = Open();
  if (libpq.ok()) return libpq;
  return WithHint(absl::FailedPreconditionError(fmt::format("the libraries for PostgreSQL cannot be loaded: {}",
                                                            std::string(libpq.status().message()))),
                  "On Debian: apt-get install libsoci-postgresql4.0");
}

}  // namespace

absl::StatusOr<const Libpq*> LoadLibpq() {
  static const absl::StatusOr<Libpq> libpq = Load();
  if (!libpq.ok()) return libpq.status();
  return &*libpq;
}

}  // namespace roost::store
