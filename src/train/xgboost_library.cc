#include "train/xgboost_library.h"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <charconv>
#include <utility>

#include "base/shared_library.h"
#include "base/status.h"

namespace roost::train {
namespace {

constexpr char kLibrary[] = "libxgboost.so";

struct Functions {
  decltype(&XGBGetLastError) last_error;
  decltype(&XGBSetGlobalConfig) set_global_config;
  decltype(&XGDMatrixCreateFromCSR) matrix_from_csr;
  decltype(&XGDMatrixFree) matrix_free;
  decltype(&XGDMatrixSetInfoFromInterface) matrix_set_info;
  decltype(&XGDMatrixSetUIntInfo) matrix_set_integers;
  decltype(&XGDMatrixSetStrFeatureInfo) matrix_set_texts;
  decltype(&XGBoosterCreate) booster_create;
  decltype(&XGBoosterFree) booster_free;
  decltype(&XGBoosterSetParam) booster_set;
  decltype(&XGBoosterLoadModelFromBuffer) booster_load;
  decltype(&XGBoosterSaveModelToBuffer) booster_save;
  decltype(&XGBoosterUpdateOneIter) booster_update;
  decltype(&XGBoosterEvalOneIter) booster_evaluate;
  decltype(&XGBoosterBoostedRounds) booster_rounds;
  decltype(&XGBoosterSlice) booster_slice;
  decltype(&XGBoosterPredictFromCSR) booster_predict;
};

absl::StatusOr<Functions> Load() {
  TRY_ASSIGN(const SharedLibrary library, SharedLibrary::Open(kLibrary));
  Functions f{};
  TRY(library.Find("XGBGetLastError", f.last_error));
  TRY(library.Find("XGBSetGlobalConfig", f.set_global_config));
  TRY(library.Find("XGDMatrixCreateFromCSR", f.matrix_from_csr));
  TRY(library.Find("XGDMatrixFree", f.matrix_free));
  TRY(library.Find("XGDMatrixSetInfoFromInterface", f.matrix_set_info));
  TRY(library.Find("XGDMatrixSetUIntInfo", f.matrix_set_integers));
  TRY(library.Find("XGDMatrixSetStrFeatureInfo", f.matrix_set_texts));
  TRY(library.Find("XGBoosterCreate", f.booster_create));
  TRY(library.Find("XGBoosterFree", f.booster_free));
  TRY(library.Find("XGBoosterSetParam", f.booster_set));
  TRY(library.Find("XGBoosterLoadModelFromBuffer", f.booster_load));
  TRY(library.Find("XGBoosterSaveModelToBuffer", f.booster_save));
  TRY(library.Find("XGBoosterUpdateOneIter", f.booster_update));
  TRY(library.Find("XGBoosterEvalOneIter", f.booster_evaluate));
  TRY(library.Find("XGBoosterBoostedRounds", f.booster_rounds));
  TRY(library.Find("XGBoosterSlice", f.booster_slice));
  TRY(library.Find("XGBoosterPredictFromCSR", f.booster_predict));
  return f;
}

absl::StatusOr<Functions> Open() {
  absl::StatusOr<Functions> functions = Load();
  if (functions.ok()) return functions;
  return WithHint(Annotate(functions.status(), "the library of XGBoost"),
                  "Install Roost with its lib folder, or put libxgboost.so 3.2 on LD_LIBRARY_PATH.");
}

const absl::StatusOr<Functions>& Library() {
  static const absl::StatusOr<Functions> functions = Open();
  return functions;
}

// Of an object that exists, so that the library is there.
const Functions& Loaded() { return *Library(); }

// XGBoost's words: "[12:34:56] /path/file.cc:12: what is wrong\nStack trace: ..."; only the middle is of use.
absl::Status ToStatus(int result) {
  if (result == 0) return absl::OkStatus();
  std::string_view words = Loaded().last_error();
  words = words.substr(0, words.find("\nStack trace"));
  if (words.starts_with('[')) {
    const size_t file = words.find(".cc:");
    const size_t end = file == words.npos ? words.npos : words.find(": ", file);
    if (end != words.npos) words.remove_prefix(end + 2);
  }
  while (words.ends_with('\n')) words.remove_suffix(1);
  const std::string message = fmt::format("XGBoost: {}", words.empty() ? "it failed without a reason" : words);
  return words.find("bad_alloc") == words.npos ? absl::InternalError(message) : absl::ResourceExhaustedError(message);
}

// NumPy's array interface in JSON, which is how XGBoost borrows an array.
template <typename Number>
std::string Borrowed(std::span<const Number> numbers) {
  const char kind = std::is_floating_point_v<Number> ? 'f' : 'i';
  return fmt::format(R"({{"data": [{}, true], "shape": [{}], "typestr": "<{}{}", "version": 3}})",
                     reinterpret_cast<uintptr_t>(numbers.data()), numbers.size(), kind, sizeof(Number));
}

std::shared_ptr<void> OwnedBooster(BoosterHandle booster) {
  return {booster, [](void* handle) { Loaded().booster_free(handle); }};
}

// "[3]\ta-rmse:0.25\tb-rmse:0.5"
absl::StatusOr<std::vector<double>> ReadLosses(std::string_view text, size_t count) {
  std::vector<double> losses;
  for (size_t colon = text.find(':'); colon != text.npos; colon = text.find(':', colon + 1)) {
    double loss = 0;
    const char* begin = text.data() + colon + 1;
    if (std::from_chars(begin, text.data() + text.size(), loss).ptr == begin) break;
    losses.push_back(loss);
  }
  if (losses.size() != count) return absl::InternalError(fmt::format("XGBoost: cannot read the losses '{}'", text));
  return losses;
}

}  // namespace

absl::StatusOr<XgboostMatrix> XgboostMatrix::Make(const transform::FeatureRows& rows, size_t threads) {
  if (!Library().ok()) return Library().status();
  TRY(ToStatus(Loaded().set_global_config(R"({"verbosity": 0})")));
  DMatrixHandle matrix = nullptr;
  const std::string config = fmt::format(R"({{"missing": NaN, "nthread": {}}})", threads);
  TRY(ToStatus(Loaded().matrix_from_csr(Borrowed<int64_t>(rows.starts).c_str(), Borrowed<int32_t>(rows.indices).c_str(),
                                        Borrowed<double>(rows.values).c_str(),
                                        static_cast<bst_ulong>(rows.num_features), config.c_str(), &matrix)));
  return XgboostMatrix({matrix, [](void* handle) { Loaded().matrix_free(handle); }});
}

absl::Status XgboostMatrix::SetNumbers(const char* field, std::span<const double> numbers) {
  return ToStatus(Loaded().matrix_set_info(handle_.get(), field, Borrowed(numbers).c_str()));
}

absl::Status XgboostMatrix::SetGroups(std::span<const uint32_t> sizes) {
  return ToStatus(Loaded().matrix_set_integers(handle_.get(), "group", sizes.data(), sizes.size()));
}

absl::Status XgboostMatrix::SetCategories(std::span<const uint8_t> is_category) {
  std::vector<const char*> types;
  for (const uint8_t category : is_category) types.push_back(category != 0 ? "c" : "float");
  return ToStatus(Loaded().matrix_set_texts(handle_.get(), "feature_type", types.data(), types.size()));
}

absl::StatusOr<XgboostBooster> XgboostBooster::Make(std::span<const XgboostMatrix> matrices) {
  if (!Library().ok()) return Library().status();
  std::vector<DMatrixHandle> handles;
  for (const XgboostMatrix& matrix : matrices) handles.push_back(matrix.handle_.get());
  BoosterHandle booster = nullptr;
  TRY(ToStatus(Loaded().booster_create(handles.data(), handles.size(), &booster)));
  return XgboostBooster(OwnedBooster(booster));
}

absl::Status XgboostBooster::Set(const char* parameter, const std::string& value) {
  return ToStatus(Loaded().booster_set(handle_.get(), parameter, value.c_str()));
}

absl::Status XgboostBooster::Load(std::string_view model) {
  return ToStatus(Loaded().booster_load(handle_.get(), model.data(), model.size()));
}

absl::StatusOr<std::string> XgboostBooster::Save() const {
  bst_ulong size = 0;
  const char* bytes = nullptr;
  TRY(ToStatus(Loaded().booster_save(handle_.get(), R"({"format": "json"})", &size, &bytes)));
  return std::string(bytes, size);
}

absl::Status XgboostBooster::Update(int64_t round, const XgboostMatrix& matrix) {
  return ToStatus(Loaded().booster_update(handle_.get(), static_cast<int>(round), matrix.handle_.get()));
}

absl::StatusOr<std::vector<double>> XgboostBooster::Losses(std::span<const XgboostMatrix> matrices) const {
  std::vector<DMatrixHandle> handles;
  for (const XgboostMatrix& matrix : matrices) handles.push_back(matrix.handle_.get());
  std::vector<const char*> names(handles.size(), "rows");
  const char* text = nullptr;
  TRY(ToStatus(Loaded().booster_evaluate(handle_.get(), 0, handles.data(), names.data(), handles.size(), &text)));
  return ReadLosses(text, handles.size());
}

absl::StatusOr<int64_t> XgboostBooster::NumRounds() const {
  int rounds = 0;
  TRY(ToStatus(Loaded().booster_rounds(handle_.get(), &rounds)));
  return rounds;
}

absl::StatusOr<XgboostBooster> XgboostBooster::First(int64_t rounds) const {
  BoosterHandle booster = nullptr;
  TRY(ToStatus(Loaded().booster_slice(handle_.get(), 0, static_cast<int>(rounds), 1, &booster)));
  return XgboostBooster(OwnedBooster(booster));
}

absl::StatusOr<std::vector<float>> XgboostBooster::Predict(const transform::FeatureRows& rows, bool margins) const {
  const std::string config =
      fmt::format(R"({{"type": {}, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": true,)"
                  R"( "missing": NaN}})",
                  margins ? 1 : 0);
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* outputs = nullptr;
  TRY(ToStatus(Loaded().booster_predict(handle_.get(), Borrowed<int64_t>(rows.starts).c_str(),
                                        Borrowed<int32_t>(rows.indices).c_str(), Borrowed<double>(rows.values).c_str(),
                                        static_cast<bst_ulong>(rows.num_features), config.c_str(), nullptr, &shape,
                                        &dimensions, &outputs)));
  size_t count = 1;
  for (bst_ulong i = 0; i < dimensions; ++i) count *= shape[i];
  return std::vector<float>(outputs, outputs + count);
}

}  // namespace roost::train
