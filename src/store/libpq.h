#pragma once

#include <libpq-fe.h>

#include "absl/status/statusor.h"

namespace soci {
class backend_factory;
}

namespace roost::store {

/// The functions of libpq that Roost calls, and SOCI's backend over it.
struct Libpq {
  const soci::backend_factory* soci_backend;
  decltype(&::PQconninfoParse) conninfo_parse;
  decltype(&::PQconninfoFree) conninfo_free;
  decltype(&::PQfreemem) freemem;
  decltype(&::PQstatus) status;
  decltype(&::PQserverVersion) server_version;
  decltype(&::PQtransactionStatus) transaction_status;
  decltype(&::PQresultErrorField) result_error_field;
  decltype(&::PQntuples) ntuples;
  decltype(&::PQnfields) nfields;
  decltype(&::PQftype) ftype;
  decltype(&::PQgetisnull) getisnull;
  decltype(&::PQgetvalue) getvalue;
  decltype(&::PQgetlength) getlength;
};

/// Loads the libraries at the first call; FailedPrecondition, with a hint, where they are not installed. Threads: any.
absl::StatusOr<const Libpq*> LoadLibpq();

}  // namespace roost::store
