#pragma once

#include <memory>
#include <string>

#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// Each adds its commands to the program. Their work is done in `api`; here stand flags, texts and streams.
void AddInitCommand(CLI::App& app, Session& session);
void AddDataCommands(CLI::App& app, Session& session);
/// Adds gc and verify to `data`, which is there already, and the commands of `workspace`.
void AddMaintenanceCommands(CLI::App& app, Session& session);
/// Adds push and pull to `data`, and copy to `workspace`, which are there already.
void AddTransferCommands(CLI::App& app, Session& session);
/// Into the group "data".
void AddDataDiffCommand(CLI::App& data, Session& session);
void AddDataMergeCommand(CLI::App& data, Session& session);
void AddEraseCommand(CLI::App& data, Session& session);
void AddProfileCommand(CLI::App& app, Session& session);
/// With those of AddSchemaDecisionCommands and AddValidateCommand.
void AddSchemaCommands(CLI::App& app, Session& session);
/// Into the group "schema".
void AddSchemaDecisionCommands(CLI::App& schema, Session& session);
void AddValidateCommand(CLI::App& app, Session& session);
/// With report.
void AddFeaturesCommand(CLI::App& app, Session& session);
/// Into the command "features", whose --model may stand before or after the command's name.
void AddFeatureReportCommand(CLI::App& features, const std::shared_ptr<std::string>& model, Session& session);
void AddTrainingCommands(CLI::App& app, Session& session);
/// compare and gate.
void AddJudgeCommands(CLI::App& app, Session& session);
void AddRunCommand(CLI::App& app, Session& session);
void AddTuneCommand(CLI::App& app, Session& session);
void AddExplainCommand(CLI::App& app, Session& session);
void AddModelCommands(CLI::App& app, Session& session);
/// With the hidden command try-model, the child of model_trial.h.
void AddServeCommand(CLI::App& app, Session& session);
void AddTokenCommands(CLI::App& app, Session& session);
void AddLockCommand(CLI::App& app, Session& session);
void AddHookCommands(CLI::App& app, Session& session);
void AddAuditCommands(CLI::App& app, Session& session);
/// With those of AddConfigCheckCommand and AddConfigDiffCommand.
void AddConfigCommands(CLI::App& app, Session& session);
/// Into the group "config".
void AddConfigCheckCommand(CLI::App& config, Session& session);
void AddConfigDiffCommand(CLI::App& config, Session& session);
void AddExportCommands(CLI::App& app, Session& session);
/// With the hidden option --probe, of the children that look at what may hang.
void AddDoctorCommand(CLI::App& app, Session& session);
/// With the hidden command complete, which the shells call.
void AddCompletionCommand(CLI::App& app, Session& session);

}  // namespace roost::cli
