#pragma once

#include <string>
#include <vector>

#include "profile/summary.h"
#include "schema/anomaly.h"
#include "schema/schema.h"

namespace roost::schema {

/// A rule on trial that so many versions kept becomes an error.
inline constexpr int64_t kConfirmationsToSettle = 3;

/// `schema` after the version of `summary`, which was looked at and taken: each rule on trial (with a count
/// `confirmed`) that the version kept counts one more, one that it broke starts again at 0. At
/// kConfirmationsToSettle the rule becomes an error and has no count any more. Rules without a count are left alone.
///
/// A list of known values is confirmed only by a version in which no value came just once: by Good and Turing's
/// estimate the chance that the next value is a new one is the share of the values that came once, so with such values
/// the list is not whole, however long it held. Rules that could not be checked are left alone.
Schema Confirm(const Schema& schema, const profile::ProfileSummary& summary);

/// Whether any rule of `schema` is on trial.
bool HasTrials(const Schema& schema);

/// What became of one column's rules.
struct RulesChange {
  std::string column;
  Edit edit;
};

/// Of the columns of `after` those whose rules are not those of `before`, in their order.
std::vector<RulesChange> ChangesBetween(const Schema& before, const Schema& after);

/// The parts of Confirm: the counts alone; those of the same rules of another schema taken over; and what has enough of
/// them made an error.
Schema CountConfirmations(const Schema& schema, const profile::ProfileSummary& summary);
void TakeConfirmations(const Schema& from, Schema& to);
void Settle(Schema& schema);

}  // namespace roost::schema
