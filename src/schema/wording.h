#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "profile/summary.h"
#include "schema/anomaly.h"

namespace roost::schema {

/// Words and small judgements that validation shares. Private to this folder.

/// A foreign text in single quotes, control characters escaped, cut to 40 bytes.
std::string Quoted(std::string_view text);

/// "'late' (1,200), 'n/a' (34) and 7 more": the first five.
std::string SampleText(std::span<const profile::ValueCount> samples, size_t total);

/// Whether all of `text`, spaces around it aside, reads as a value of `type` (integer or number). Whoever turns such
/// texts into values takes them from the same reader: WholeNumberIn for integers, else NumberIn (base/number_text.h).
bool ReadsAs(Type type, std::string_view text);

/// What the column of that summary holds: a list, a struct, or what its type says.
Type TypeOf(const profile::ColumnSummary& column);

/// The columns of a profile, nested ones too, by name or path.
using ColumnIndex = absl::flat_hash_map<std::string_view, const profile::ColumnSummary*>;
ColumnIndex IndexOf(const profile::ProfileSummary& summary);
/// The column of that name, or null.
const profile::ColumnSummary* FindIn(const ColumnIndex& index, std::string_view name);

/// part / whole; 0 of nothing.
double ShareOf(int64_t part, int64_t whole);

/// Lines that stand in one and not in the other, in their order.
Edit EditBetween(const std::vector<std::string>& now, const std::vector<std::string>& then);

/// Whether data of type `seen` is what `wanted` asks for.
bool Fits(Type wanted, Type seen);

}  // namespace roost::schema
