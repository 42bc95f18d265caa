#include "store/merge_conflict.h"

#include <arrow/api.h>

#include "base/status.h"
#include "table/arrow_status.h"

namespace roost::store {

absl::StatusOr<std::shared_ptr<arrow::Table>> ToTable(const std::vector<Conflict>& conflicts) {
  struct Column {
    const char* name;
    std::string Conflict::*member;
  };
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const Column& column :
       {Column{"kind", &Conflict::kind}, Column{"where", &Conflict::where}, Column{"column", &Conflict::column},
        Column{"base", &Conflict::base}, Column{"ours", &Conflict::ours}, Column{"theirs", &Conflict::theirs}}) {
    arrow::StringBuilder builder;
    for (const Conflict& conflict : conflicts) TRY_ARROW(builder.Append(conflict.*column.member));
    fields.push_back(arrow::field(column.name, arrow::utf8()));
    TRY_ARROW_ASSIGN(arrays.emplace_back(), builder.Finish());
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(arrays));
}

}  // namespace roost::store
