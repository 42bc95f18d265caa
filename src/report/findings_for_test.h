#pragma once

#include "evaluate/feature_findings.h"

namespace roost::report {

/// Five features of flights: one of each kind that a page tells apart; two that repeat each other; not all tried.
evaluate::FeatureFindings FindingsOfFlights();

/// Names and failures that would take a page over if they could.
evaluate::FeatureFindings HostileFindings();

}  // namespace roost::report
