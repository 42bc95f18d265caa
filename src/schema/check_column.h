#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/row_scan.h"
#include "schema/validate.h"

namespace roost::schema {

/// Holds one column against its rules and adds its anomalies. Private to this folder; the parts stand in check_type.cc,
/// check_numbers.cc, check_text.cc, check_lists.cc and check_bands.cc.
class ColumnCheck {
 public:
  ColumnCheck(const Schema& schema, const ColumnRules& rules, const profile::ColumnSummary& seen,
              const Controls& controls, std::vector<Anomaly>& anomalies)
      : schema_(schema),
        rules_(rules),
        seen_(seen),
        controls_(controls),
        present_(seen.rows - seen.missing),
        anomalies_(anomalies) {}

  void Run();

 private:
  void Add(Anomaly anomaly, ColumnRules proposed);
  void Add(Anomaly anomaly);  // without a proposal
  void AddNotCounted(std::string_view rule, std::string_view why, std::string tfx = "STATS_NOT_AVAILABLE");
  /// What the scan counted; null where there was none, or it could not check the rule.
  const RowCount* Scanned(Rule rule, std::string_view detail = "") const;
  /// Why the scan could not, or else `otherwise`.
  std::string WhyNotScanned(Rule rule, std::string_view otherwise) const;

  void CheckType(Type type);
  void DescribeTexts(Anomaly& anomaly) const;
  void CheckMeaning();

  void CheckMissing();
  void CheckPresent();
  void CheckDistinct();
  void CheckDuplicates();

  void CheckNotFinite();
  void CheckRange();
  void AddBound(Rule rule, double observed, double bound, bool exact, ColumnRules proposed);
  void CheckNumberBools();
  void CheckOrder();
  void CheckIntegerTimes();

  void CheckTexts();
  void CheckValues();
  template <typename IsNew>
  ColumnRules WithValues(const IsNew& is_new, Anomaly& anomaly) const;
  void CheckHolds();
  void CheckTextRange();
  void CheckPattern();
  void CheckTextBools();
  void CheckTextTimes();
  void CheckWords();
  void CheckCoverage(const profile::TokenSummary& tokens);
  void CheckToken(size_t index, const profile::TokenSummary& tokens);
  void CheckImages();
  /// How many values of a text break a rule: from the scan, else from the top values.
  struct Broken {
    int64_t count = 0;
    bool exact = true;
    size_t distinct = 0;
    std::vector<profile::ValueCount> samples;
  };
  template <typename Breaks>
  Broken CountTexts(Rule rule, const Breaks& breaks) const;

  void CheckLists();
  void CheckNesting();
  void CheckLengths();
  void CheckShape();
  void CheckEmbedding();

  void CheckBands();

  const Schema& schema_;
  const ColumnRules& rules_;
  const profile::ColumnSummary& seen_;
  const Controls& controls_;
  int64_t present_;
  std::vector<Anomaly>& anomalies_;
};

/// The parts that are not about one column. Private to this folder.
void CheckSchema(const Schema& schema, Report& report);
void CheckRows(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls, Report& report);
void CheckKeys(const Schema& schema, const Controls& controls, Report& report);
void CheckFeatures(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls,
                   Report& report);
void CheckCustomRules(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls,
                      Report& report);
void CheckDistances(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls,
                    Report& report);

/// An anomaly that says that a rule was not checked.
Anomaly NotCounted(std::string column, std::string_view rule, std::string_view why,
                   std::string tfx = "STATS_NOT_AVAILABLE");

/// Takes over what the scan counted: how many rows, which, and their values where there are no samples yet.
void AddEvidence(const RowCount* count, Anomaly& anomaly);

/// `rules` for a column of `type`, without those that do not go with it.
ColumnRules WithType(const ColumnRules& rules, Type type);

}  // namespace roost::schema
