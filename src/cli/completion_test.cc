#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

namespace roost::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Completing : public ::testing::Test {
 protected:
  Completing() : app_("A program", "roost") {
    app_.fallthrough();
    app_.set_version_flag("--version", "1");
    app_.add_flag("--json", json_, "As JSON");
    app_.add_option("--project", text_, "The project's folder")->type_name("DIR");
    CLI::App* data = app_.add_subcommand("data", "Versioned datasets");
    CLI::App* add = data->add_subcommand("add", "Make a new version");
    add->add_option("NAME", text_);
    add->add_option("FILE", many_);
    add->add_option("-m,--message", text_, "What it is for")->type_name("TEXT");
    add->add_option("--kind", text_)->check(CLI::IsMember({"files", "table"}));
    Offer(add->add_option("--format", text_)->type_name("FORMAT"), {"csv", "jsonl"});
    add->add_option("--gate", text_)->type_name("warn|off");
    CLI::App* model = app_.add_subcommand("model", "Registered models");
    model->add_subcommand("show", "One model")->add_option("MODEL", text_);
    app_.add_subcommand("hidden", "Not for people")->group("");
  }

  std::vector<std::string> Words(const std::vector<std::string>& words) const {
    std::vector<std::string> found;
    for (const Candidate& candidate : Complete(app_, words).candidates) found.push_back(candidate.word);
    return found;
  }

  CLI::App app_;
  bool json_ = false;
  std::string text_;
  std::vector<std::string> many_;
};

TEST_F(Completing, CommandsComeWithWhatTheyDo) {
  EXPECT_THAT(Complete(app_, {"d"}).candidates, ElementsAre(Candidate{"data", "Versioned datasets"}));
  EXPECT_THAT(Words({""}), ElementsAre("data", "model"));
  EXPECT_THAT(Words({}), ElementsAre("data", "model"));
  EXPECT_THAT(Words({"data", ""}), ElementsAre("add"));
  EXPECT_THAT(Words({"hidden", "x"}), IsEmpty());
}

TEST_F(Completing, OptionsOfACommandAndOfTheProgram) {
  EXPECT_THAT(Words({"data", "add", "--"}),
              ElementsAre("--help", "--message", "--kind", "--format", "--gate", "--json", "--project"));
  EXPECT_THAT(Words({"data", "add", "--m"}), ElementsAre("--message"));
  EXPECT_THAT(Words({"--v"}), ElementsAre("--version"));
}

TEST_F(Completing, ValuesWhereTheProgramKnowsThem) {
  EXPECT_THAT(Words({"data", "add", "--kind", ""}), ElementsAre("files", "table"));
  EXPECT_THAT(Words({"data", "add", "--format", "c"}), ElementsAre("csv"));
  EXPECT_THAT(Words({"data", "add", "--gate", ""}), ElementsAre("warn", "off"));
  EXPECT_THAT(Words({"data", "add", "--kind=t"}), ElementsAre("--kind=table"));
  EXPECT_THAT(Words({"data", "add", "-m", ""}), IsEmpty());
  EXPECT_FALSE(Complete(app_, {"data", "add", "-m", ""}).files);
}

TEST_F(Completing, AValueIsNoCommandAndNoArgument) {
  EXPECT_THAT(Words({"--project", "data", ""}), ElementsAre("data", "model"));
  EXPECT_EQ(Complete(app_, {"--project", "there", "model", "show", ""}).project, "there");
  EXPECT_EQ(Complete(app_, {"model", "show", "--project=there", ""}).project, "there");
  EXPECT_FALSE(Complete(app_, {"data", "add", "-m", "text", ""}).files) << "the name of the dataset comes first";
}

TEST_F(Completing, NamesOfFilesDatasetsAndModels) {
  EXPECT_TRUE(Complete(app_, {"--project", ""}).files);
  const Completion value = Complete(app_, {"model", "show", "--project=x"});
  EXPECT_TRUE(value.files);
  EXPECT_EQ(value.prefix, "--project=");
  EXPECT_TRUE(Complete(app_, {"data", "add", ""}).datasets);
  EXPECT_TRUE(Complete(app_, {"data", "add", "flights", ""}).files);
  EXPECT_TRUE(Complete(app_, {"data", "add", "flights", "a.csv", ""}).files) << "the last argument takes many";
  const Completion model = Complete(app_, {"model", "show", ""});
  EXPECT_TRUE(model.models);
  EXPECT_FALSE(model.files || model.datasets);
  EXPECT_FALSE(Complete(app_, {"model", "show", "late", ""}).models) << "one argument only";
}

TEST_F(Completing, AfterTwoDashesNothingIsAnOption) {
  const Completion completion = Complete(app_, {"data", "add", "--", "-"});
  EXPECT_THAT(completion.candidates, IsEmpty());
  EXPECT_TRUE(completion.datasets);
}

TEST_F(Completing, OfferedValuesAreNotChecked) {
  std::vector<std::string> words{"xml", "--format", "add", "data"};  // CLI11 takes them from the back
  EXPECT_NO_THROW(app_.parse(words));
  EXPECT_EQ(text_, "xml");
}

}  // namespace
}  // namespace roost::cli
