#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/format.h"
#include "evaluate/render.h"
#include "evaluate/table_text.h"

namespace roost::evaluate {
namespace {

constexpr size_t kListedClasses = 20;
constexpr size_t kMatrixClasses = 10;

// `text` with spaces up to `width`.
std::string Padded(const std::string& text, size_t width) {
  const size_t taken = DisplayWidth(text);
  return taken < width ? text + std::string(width - taken, ' ') : text;
}

std::vector<std::string> PrintableNames(const ClassesEvaluation& evaluation) {
  std::vector<std::string> names;
  for (const std::string& name : evaluation.names) names.push_back(Printable(name));
  return names;
}

size_t WidthOf(const std::vector<std::string>& names, size_t least) {
  size_t width = least;
  for (const std::string& name : names) width = std::max(width, DisplayWidth(name));
  return width;
}

void AppendFigures(std::string& text, const ClassesFigures& model, const ClassesFigures& dummy) {
  AppendRow(text, "metric", "model", "dummy");
  AppendRow(text, "log loss", Share(model.log_loss), Share(dummy.log_loss));
  AppendRow(text, "accuracy", Share(model.accuracy), Share(dummy.accuracy));
  for (size_t i = 0; i < model.top_k.size(); ++i) {
    AppendRow(text, fmt::format("top-{} accuracy", model.top_k[i].k), Share(model.top_k[i].accuracy),
              Share(dummy.top_k[i].accuracy));
  }
  AppendRow(text, "macro F1", Share(model.macro_f1), Share(dummy.macro_f1));
  AppendRow(text, "weighted F1", Share(model.weighted_f1), Share(dummy.weighted_f1));
}

void AppendClasses(std::string& text, const std::vector<ClassFigures>& classes, const std::vector<std::string>& names) {
  std::vector<size_t> order(classes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return classes[a].rows > classes[b].rows; });
  const size_t listed = std::min(order.size(), kListedClasses);
  const size_t width = WidthOf(names, 5);
  text += fmt::format("\n{}  {:>9}  {:>9}  {:>9}  {:>11}  {:>11}\n", Padded("class", width), "precision", "recall",
                      "F1", "rows", "predicted");
  for (size_t i = 0; i < listed; ++i) {
    const ClassFigures& figures = classes[order[i]];
    text += fmt::format("{}  {:>9}  {:>9}  {:>9.4f}  {:>11}  {:>11}\n", Padded(names[order[i]], width),
                        Share(figures.precision), Share(figures.recall), figures.f1, FormatCount(figures.rows),
                        FormatCount(figures.predicted));
  }
  if (listed < order.size()) {
    text +=
        fmt::format("and {} more classes of fewer rows\n", FormatCount(static_cast<int64_t>(order.size() - listed)));
  }
}

void AppendConfusion(std::string& text, const ClassesEvaluation& evaluation, const std::vector<std::string>& names) {
  std::vector<std::string> lines = names;
  if (evaluation.unseen_rows > 0) lines.push_back("(unseen)");
  const size_t first = WidthOf(lines, 4);
  const size_t width = WidthOf(names, 9);
  text += "\nrows by true class (down) and predicted class (across)\n" + Padded("", first);
  for (const std::string& name : names) text += "  " + std::string(width - DisplayWidth(name), ' ') + name;
  text += "\n";
  for (size_t line = 0; line < lines.size(); ++line) {
    text += Padded(lines[line], first);
    for (const int64_t count : evaluation.model.confusion[line]) {
      text += fmt::format("  {:>{}}", FormatCount(count), width);
    }
    text += "\n";
  }
}

}  // namespace

std::string ToText(const ClassesEvaluation& evaluation) {
  const std::vector<std::string> names = PrintableNames(evaluation);
  const auto most = std::max_element(evaluation.baseline.begin(), evaluation.baseline.end());
  std::string text = fmt::format(
      "{}, {} classes\nThe dummy predicts the shares of the training rows for every row: {} first, with {}.\n",
      RowsText(evaluation.rows, evaluation.total_weight), FormatCount(static_cast<int64_t>(names.size())),
      names[static_cast<size_t>(most - evaluation.baseline.begin())], FormatNumber(*most));
  if (evaluation.unseen_rows > 0) {
    text += fmt::format("Rows of classes that were not in training, each a wrong answer: {}.\n",
                        FormatCount(evaluation.unseen_rows));
  }
  text += "\n";
  AppendFigures(text, evaluation.model, evaluation.dummy);
  AppendClasses(text, evaluation.model.classes, names);
  if (names.size() <= kMatrixClasses && !evaluation.model.confusion.empty()) AppendConfusion(text, evaluation, names);
  return text;
}

}  // namespace roost::evaluate
