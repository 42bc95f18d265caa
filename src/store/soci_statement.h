#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <variant>

#include <fmt/format.h>
#include <soci/soci-config.h>
// SOCI's headers would take Boost in, for types that are not used here; its library does not need it.
#undef SOCI_HAVE_BOOST
#include <soci/soci.h>

#include "store/database.h"

namespace roost::store {

/// A value that SOCI reads a parameter from or writes a column to. Its address must not change.
struct SociCell {
  soci::indicator indicator = soci::i_ok;
  soci::data_type type = soci::dt_string;
  bool is_expression = false;
  long long integer = 0;
  double number = 0;
  std::string text;
};

/// A statement with its parameters; what it returns is read by the derived classes. Throws what SOCI throws: for the
/// .cc files of connections only.
class SociStatement {
 public:
  SociStatement(soci::session& session, const std::string& sql, const SqlRow& parameters) : statement_(session) {
    statement_.alloc();
    statement_.prepare(sql, soci::details::st_one_time_query);
    for (const SqlValue& value : parameters) Bind(value);
  }

  int64_t Execute() {
    statement_.define_and_bind();
    statement_.execute(true);
    return statement_.get_affected_rows();
  }

 private:
  void Bind(const SqlValue& value) {
    SociCell& cell = parameters_.emplace_back();
    const std::string name = fmt::format("p{}", parameters_.size());
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      cell.integer = *integer;
      statement_.exchange(soci::use(cell.integer, cell.indicator, name));
    } else if (const auto* number = std::get_if<double>(&value)) {
      cell.number = *number;
      statement_.exchange(soci::use(cell.number, cell.indicator, name));
    } else {
      const auto* text = std::get_if<std::string>(&value);
      if (text != nullptr) cell.text = *text;
      if (text == nullptr) cell.indicator = soci::i_null;
      statement_.exchange(soci::use(cell.text, cell.indicator, name));
    }
  }

  std::deque<SociCell> parameters_;

 protected:
  soci::statement statement_;
};

}  // namespace roost::store
