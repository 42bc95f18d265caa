#pragma once

#include <string>

namespace roost::report {

/// What a report says about itself. Nothing else goes into it but the values: no clock, no path, no machine.
struct ReportOptions {
  std::string name;      ///< of what was looked at, the heading: "flights@2", "delays.csv"
  std::string subtitle;  ///< one line below it, such as when and by what it was made; "" for none
};

}  // namespace roost::report
