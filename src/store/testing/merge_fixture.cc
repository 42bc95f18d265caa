#include "store/testing/merge_fixture.h"

#include <utility>

namespace roost::store {
namespace {

template <typename Builder, typename Get>
std::shared_ptr<arrow::Array> Column(const Orders& orders, const Get& get) {
  Builder builder;
  for (const Order& order : orders) {
    const auto value = get(order);
    EXPECT_TRUE((value.has_value() ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

}  // namespace

std::shared_ptr<arrow::Table> ToTable(const Orders& orders, const Shape& shape) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  const auto add = [&](const std::string& name, std::shared_ptr<arrow::Array> array) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(std::move(array));
  };
  const auto amount = [](const Order& order) { return order.amount; };
  if (shape.with_id) {
    add("id", Column<arrow::Int64Builder>(orders, [](const Order& order) { return std::optional(order.id); }));
  }
  if (!shape.amount.empty()) {
    add(shape.amount,
        shape.wide_amount ? Column<arrow::Int64Builder>(orders, amount) : Column<arrow::Int32Builder>(orders, amount));
  }
  add("city", Column<arrow::StringBuilder>(orders, [](const Order& order) { return order.city; }));
  const auto paid = [](const Order& order) { return order.paid; };
  const auto paid_text = [](const Order& order) {
    return order.paid.has_value() ? std::optional(std::to_string(*order.paid)) : std::nullopt;
  };
  if (shape.with_paid) {
    add("paid",
        shape.text_paid ? Column<arrow::StringBuilder>(orders, paid_text) : Column<arrow::Int64Builder>(orders, paid));
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(arrays));
}

std::vector<Row> RowsOf(const arrow::Table& table) {
  std::vector<Row> rows(static_cast<size_t>(table.num_rows()));
  for (int column = 0; column < table.num_columns(); ++column) {
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i][table.field(column)->name()] = (*table.column(column)->GetScalar(static_cast<int64_t>(i)))->ToString();
    }
  }
  return rows;
}

Orders RandomOrders(std::mt19937_64& random, int64_t count) {
  Orders orders;
  for (int64_t id = 0; id < count; ++id) {
    orders.push_back({.id = id * 10, .amount = static_cast<int64_t>(random() % 50)});
    if (random() % 4 > 0) orders.back().city = fmt::format("city {}", random() % 7);
  }
  return orders;
}

void EraseIds(Orders& orders, uint64_t modulus, uint64_t rest) {
  std::erase_if(orders, [&](const Order& order) {
    return static_cast<uint64_t>(order.id / 10) % modulus == rest && order.id % 10 == 0;
  });
}

}  // namespace roost::store
