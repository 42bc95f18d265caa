// Predictions of one row at a time by LightGBM's and ONNX Runtime's C interfaces, called from C++ as a server would.
// usage: train_single_row lightgbm|onnxruntime LIBRARY MODEL VALUES FEATURES ROWS PREDICTIONS
// VALUES are ROWS x FEATURES raw doubles. Prints {"nanoseconds": N}, a row, the least of five runs.

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "onnxruntime_c_api.h"

namespace {

constexpr int kRuns = 5;

struct Rows {
  int64_t features;
  std::vector<double> values;
  int64_t size() const { return static_cast<int64_t>(values.size()) / features; }
};

[[noreturn]] void Fail(const std::string& message) {
  fmt::print(stderr, "train_single_row: {}\n", message);
  std::exit(1);
}

template <typename Function>
Function Find(void* library, const char* name) {
  void* found = dlsym(library, name);
  if (found == nullptr) Fail(fmt::format("the library has no {}", name));
  return reinterpret_cast<Function>(found);
}

/// Calls predict(row) for all rows, several times.
double Measure(const Rows& rows, const std::function<double(int64_t)>& predict, std::vector<double>& predictions) {
  double least = std::numeric_limits<double>::infinity();
  predictions.resize(static_cast<size_t>(rows.size()));
  for (int run = 0; run < kRuns; ++run) {
    const auto began = std::chrono::steady_clock::now();
    for (int64_t row = 0; row < rows.size(); ++row) predictions[static_cast<size_t>(row)] = predict(row);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    least = std::min(least, took.count() / static_cast<double>(rows.size()));
  }
  return least;
}

// The names and numbers of LightGBM's c_api.h, version 4.
double WithLightGbm(void* library, const std::string& model, const Rows& rows, std::vector<double>& predictions) {
  constexpr int kNormal = 0;
  constexpr int kFloat64 = 1;
  const auto create = Find<int (*)(const char*, int*, void**)>(library, "LGBM_BoosterCreateFromModelfile");
  const auto prepare = Find<int (*)(void*, int, int, int, int, int32_t, const char*, void**)>(
      library, "LGBM_BoosterPredictForMatSingleRowFastInit");
  const auto predict =
      Find<int (*)(void*, const void*, int64_t*, double*)>(library, "LGBM_BoosterPredictForMatSingleRowFast");
  int iterations = 0;
  void* booster = nullptr;
  void* prepared = nullptr;
  if (create(model.c_str(), &iterations, &booster) != 0 ||
      prepare(booster, kNormal, 0, -1, kFloat64, static_cast<int32_t>(rows.features), "num_threads=1", &prepared) !=
          0) {
    Fail(fmt::format("LightGBM cannot load {}", model));
  }
  const auto one = [&](int64_t row) {
    int64_t length = 0;
    double output = 0;
    if (predict(prepared, &rows.values[static_cast<size_t>(row * rows.features)], &length, &output) != 0) {
      Fail("LightGBM cannot predict");
    }
    return output;
  };
  return Measure(rows, one, predictions);
}

class OnnxModel {
 public:
  OnnxModel(void* library, const std::string& model, int64_t features)
      : api_(Find<const OrtApiBase* (*)()>(library, "OrtGetApiBase")()->GetApi(ORT_API_VERSION)),
        shape_{1, features},
        values_(static_cast<size_t>(features)) {
    OrtEnv* environment = nullptr;
    OrtSessionOptions* options = nullptr;
    Check(api_->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "single_row", &environment));
    Check(api_->CreateSessionOptions(&options));
    Check(api_->SetIntraOpNumThreads(options, 1));
    Check(api_->CreateSession(environment, model.c_str(), options, &session_));
    OrtMemoryInfo* memory = nullptr;
    Check(api_->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
    // The tensor lies over `values_`: a row is written there and nothing is made anew.
    Check(api_->CreateTensorWithDataAsOrtValue(memory, values_.data(), values_.size() * sizeof(float), shape_.data(),
                                               shape_.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &input_));
  }

  /// The probability of label 1: the second column of the output "probabilities".
  double Predict(const double* row) {
    for (size_t i = 0; i < values_.size(); ++i) values_[i] = static_cast<float>(row[i]);
    constexpr const char* kInput = "input";
    constexpr const char* kOutput = "probabilities";
    const OrtValue* input = input_;
    Check(api_->Run(session_, nullptr, &kInput, &input, 1, &kOutput, 1, &output_));
    float* probabilities = nullptr;
    Check(api_->GetTensorMutableData(output_, reinterpret_cast<void**>(&probabilities)));
    return static_cast<double>(probabilities[1]);
  }

 private:
  void Check(OrtStatus* status) const {
    if (status != nullptr) Fail(api_->GetErrorMessage(status));
  }

  const OrtApi* api_;
  std::array<int64_t, 2> shape_;
  std::vector<float> values_;
  OrtSession* session_ = nullptr;
  OrtValue* input_ = nullptr;
  OrtValue* output_ = nullptr;  // made by the first run, written again by the next
};

Rows ReadRows(const std::string& path, int64_t features, int64_t rows) {
  Rows read{.features = features, .values = std::vector<double>(static_cast<size_t>(features * rows))};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(read.values.data()), features * rows * 8)) Fail(path + " is too short");
  return read;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 7 || (words[0] != "lightgbm" && words[0] != "onnxruntime")) {
    Fail("usage: train_single_row lightgbm|onnxruntime LIBRARY MODEL VALUES FEATURES ROWS PREDICTIONS");
  }
  void* library = dlopen(words[1].c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) Fail(dlerror());
  const Rows rows = ReadRows(words[3], std::stoll(words[4]), std::stoll(words[5]));
  std::vector<double> predictions;
  double nanoseconds = 0;
  if (words[0] == "lightgbm") {
    nanoseconds = WithLightGbm(library, words[2], rows, predictions);
  } else {
    OnnxModel model(library, words[2], rows.features);
    const auto one = [&](int64_t row) { return model.Predict(&rows.values[static_cast<size_t>(row * rows.features)]); };
    nanoseconds = Measure(rows, one, predictions);
  }
  std::ofstream(words[6], std::ios::binary)
      .write(reinterpret_cast<const char*>(predictions.data()), static_cast<std::streamsize>(predictions.size() * 8));
  fmt::print("{{\"nanoseconds\": {}}}\n", nanoseconds);
}
